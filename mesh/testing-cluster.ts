// The files of an empty Postgres, copied to where a system of a test is to begin: to make them takes seconds, each time.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CACHE = fileURLToPath(new URL('../node_modules/.cache/spellmesh/', import.meta.url))

/** Lays into a folder what a program would make there at its first start, unless it has begun there before. */
export async function layCluster(dataDir: string): Promise<void> {
  const folder = join(dataDir, 'postgres')
  if (existsSync(folder)) return
  await mkdir(dataDir, { recursive: true })
  await cp(await cluster(), folder, { recursive: true })
}

/** Where the first one ever is kept. */
async function cluster(): Promise<string> {
  const hash = createHash('sha256')
  for (const source of ['./new-cluster.ts', '../node_modules/@electric-sql/pglite/package.json'])
    hash.update(await readFile(new URL(source, import.meta.url)))
  const name = `cluster-${hash.digest('hex').slice(0, 16)}`
  const kept = join(CACHE, name)
  if (existsSync(kept)) return kept
  await mkdir(CACHE, { recursive: true })
  const draft = `${kept}.${process.pid}`
  const { ensureCluster } = await import('./new-cluster.ts')
  await ensureCluster(draft)
  // Another worker of the tests may have been faster.
  await rename(draft, kept).catch(() => rm(draft, { recursive: true, force: true }))
  for (const other of await readdir(CACHE))
    if (/^cluster-[0-9a-f]+$/.test(other) && other !== name)
      await rm(join(CACHE, other), { recursive: true, force: true })
  return kept
}
