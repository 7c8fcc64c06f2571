import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PIECE_BYTES, readName, takeIn } from './blobs-intake.ts'
import type { Blobs } from './blobs.ts'
import { notFound } from './errors.ts'
import { newId } from './ids.ts'

export interface DiskBlobsOptions {
  /** The folder goes with it, as tests want it. */
  readonly temporary?: boolean
}

/** Drafts that nobody has written to for so long are left from a crash. */
const LEFT_MS = 24 * 3_600_000

/** Files of the instance in a folder, which is made when the first one comes. A name's last part ends in `.blob` there; drafts are in `drafts`. */
export async function openDiskBlobs(folder: string, { temporary = false }: DiskBlobsOptions = {}): Promise<Blobs> {
  const drafts = join(folder, 'drafts')
  const pathOf = (name: string) => `${join(folder, 'kept', ...readName(name))}.blob`
  await sweep(drafts)
  return {
    async put(name, bytes, options = {}) {
      const path = pathOf(name)
      const intake = takeIn(bytes, options)
      await makeFolder(drafts)
      const draft = join(drafts, newId('d'))
      try {
        const file = await open(draft, 'wx', 0o600)
        try {
          for await (const piece of intake.pieces) await writeAll(file, piece)
          await file.sync()
        } finally {
          await file.close()
        }
        await makeFolder(dirname(path))
        options.signal?.throwIfAborted()
        await rename(draft, path)
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
      await syncFolder(dirname(path))
      return intake.taken()
    },
    async *open(name, { signal } = {}) {
      const stream = createReadStream(pathOf(name), { highWaterMark: PIECE_BYTES, ...(signal ? { signal } : {}) })
      try {
        for await (const piece of stream) yield piece as Buffer
      } catch (error) {
        throw signal?.aborted ? signal.reason : toMissing(error, name)
      }
    },
    async file(name) {
      const path = pathOf(name)
      await stat(path).catch((error: unknown) => {
        throw toMissing(error, name)
      })
      return { path, release: () => Promise.resolve() }
    },
    async remove(name) {
      await rm(pathOf(name), { force: true })
    },
    async [Symbol.asyncDispose]() {
      if (temporary) await rm(folder, { recursive: true, force: true })
    },
  }
}

async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let rest = piece; rest.byteLength > 0;) rest = rest.subarray((await file.write(rest)).bytesWritten)
}

/** Makes a folder that lasts, with those above it. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

/** A name lasts when its folder was written out. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function sweep(drafts: string): Promise<void> {
  const names = await readdir(drafts).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  for (const name of names) {
    const path = join(drafts, name)
    const found = await stat(path).catch(() => undefined)
    if (found && Date.now() - found.mtimeMs > LEFT_MS) await rm(path, { force: true })
  }
}

const isMissing = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT'

function toMissing(error: unknown, name: string): unknown {
  return isMissing(error) ? notFound(`there is no file "${name}"`, { cause: error }) : error
}
