import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Bytes from elsewhere as a file of this computer, until it is released. */
export async function copyToFile(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ readonly path: string; release(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'spellmesh-blob-'))
  const release = () => rm(folder, { recursive: true, force: true })
  const path = join(folder, 'blob')
  try {
    await pipeline(bytes, createWriteStream(path, { mode: 0o600 }))
  } catch (error) {
    await release()
    throw error
  }
  return { path, release }
}
