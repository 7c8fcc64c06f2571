import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'

/**
 * Makes the files of an empty Postgres in `folder` unless they are there. In a process of its own: what its memory grew to is not given back, and would
 * be twice what serving needs. All or nothing: what a crash leaves half done is made anew.
 */
export async function ensureCluster(folder: string): Promise<void> {
  if (existsSync(join(folder, 'PG_VERSION'))) return
  // A name of its own: one that was killed may have left a child that still writes.
  const fresh = `${folder}.new-${process.pid}-${Date.now()}`
  await removeOld(folder)
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', import.meta.filename, fresh], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`the database could not be made in ${folder}: ${said.trim() || `status ${status}`}`)
  await rm(folder, { recursive: true, force: true })
  await rename(fresh, folder)
}

/** What killed processes left half done. */
async function removeOld(folder: string): Promise<void> {
  const parent = dirname(folder)
  for (const name of await readdir(parent))
    if (name.startsWith(`${basename(folder)}.new-`)) await rm(join(parent, name), { recursive: true, force: true })
}

if (process.argv[1] === import.meta.filename) {
  const pglite = await PGlite.create({ dataDir: process.argv[2] ?? '', extensions: { vector } })
  await pglite.exec('create extension if not exists vector')
  await pglite.close()
}
