// Run in a process of its own: the least that a durable answer over a session can cost. Bare uWebSockets.js takes a message, bare PGlite commits
// one row, and a message of the same size as a first entry goes back.
import { PGlite } from '@electric-sql/pglite'
import type { us_socket } from 'uws-20.51'
import { loadBareUws } from '../edge/bare-uws.ts'
import { rowOf } from './row.ts'

const pglite = await PGlite.create({ dataDir: process.argv[2] ?? '' })
await pglite.exec('create table bare (id serial primary key, entry json not null)')
const uws = await loadBareUws()
uws
  .App()
  .ws('/*', {
    message(ws, message) {
      const row = rowOf(Buffer.from(message.slice(0)).toString('utf8'))
      void pglite.query('insert into bare (entry) values ($1)', [row]).then(() => ws.send(row))
    },
  })
  .listen('127.0.0.1', 0, socket => {
    if (socket) process.stdout.write(`ready ws://127.0.0.1:${uws.us_socket_local_port(socket as us_socket)}\n`)
  })
