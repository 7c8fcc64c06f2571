import { expect, test } from '@jest/globals'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDiskBlobs } from './blobs-disk.ts'
import { testBlobs } from './blobs.suite.ts'

testBlobs('files in a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'blobs-'))
  const blobs = await openDiskBlobs(folder, { temporary: true })
  return {
    blobs,
    leftovers: async () => (await readdir(join(folder, 'drafts'))).length,
    close: async () => blobs[Symbol.asyncDispose](),
  }
})

async function* text(words: string) {
  yield Buffer.from(words)
}

test('what a crash left goes at the next start, what somebody still writes stays', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'blobs-'))
  const drafts = join(folder, 'drafts')
  await mkdir(drafts)
  await writeFile(join(drafts, 'old'), 'x')
  const yesterday = new Date(Date.now() - 25 * 3_600_000)
  await utimes(join(drafts, 'old'), yesterday, yesterday)
  await writeFile(join(drafts, 'new'), 'x')
  await using blobs = await openDiskBlobs(folder)
  expect(await readdir(drafts)).toEqual(['new'])
  await blobs.put('kept', text('bytes'))
  expect(await readdir(drafts)).toEqual(['new'])
  await rm(folder, { recursive: true })
})

test('a folder is made when the first file comes, and a temporary one goes with its store', async () => {
  const folder = join(await mkdtemp(join(tmpdir(), 'blobs-')), 'below')
  const blobs = await openDiskBlobs(folder, { temporary: true })
  expect(existsSync(folder)).toBe(false)
  await blobs.put('a/b', text('bytes'))
  expect(existsSync(folder)).toBe(true)
  await blobs[Symbol.asyncDispose]()
  expect(existsSync(folder)).toBe(false)
})
