// Run in a process of its own: opens the Postgres of a folder with PGlite, and nothing else, and waits. The line `commits <ms>` on its standard
// input is answered with how many rows it commits a second, one in each commit, one after another.
import { PGlite } from '@electric-sql/pglite'
import { createInterface } from 'node:readline'
import { perSecond } from '../harness.ts'
import { rowOf } from './row.ts'

const pglite = await PGlite.create({ dataDir: process.argv[2] ?? '' })
process.stdout.write('ready\n')
let made = false
for await (const line of createInterface({ input: process.stdin })) {
  if (!made) await pglite.exec('create table if not exists bare (id serial primary key, entry json not null)')
  made = true
  const insert = () => pglite.query('insert into bare (entry) values ($1)', [rowOf('x')])
  process.stdout.write(`${await perSecond(async () => (await insert(), 1), Number(line.split(' ')[1]))}\n`)
}
await pglite.close()
