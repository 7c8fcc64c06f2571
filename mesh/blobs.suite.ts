import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Blobs } from './blobs.ts'
import { newId } from './ids.ts'

/** What a store of files must do, whatever it stands on. */
export interface BlobsUnderTest {
  readonly blobs: Blobs
  /** Drafts, parts or files that nobody asked for any more: how many. */
  leftovers(): Promise<number>
  close(): Promise<void>
}

/** `largeMb`: what the store keeps in several parts. */
export function testBlobs(name: string, open: () => Promise<BlobsUnderTest>, largeMb = 12): void {
  const large = largeMb * 1024 * 1024
  describe(name, () => {
    let kit: BlobsUnderTest
    let blobs: Blobs
    beforeAll(async () => {
      kit = await open()
      blobs = kit.blobs
    })
    afterAll(async () => kit.close())

    test('keeps bytes, told with their size and hash, and gives them back in pieces of at most 1 MB', async () => {
      for (const size of [0, 1, 1_000_003, 2 * large - 5]) {
        const given = randomBytes(size)
        const name = `a/${newId('b')}`
        expect(await blobs.put(name, inPieces(given, 3_000_001))).toEqual({ sizeBytes: size, hash: hashOf(given) })
        const pieces = await all(blobs.open(name))
        expect(Math.max(0, ...pieces.map(piece => piece.byteLength))).toBeLessThanOrEqual(1024 * 1024)
        expect(hashOf(Buffer.concat(pieces))).toBe(hashOf(given))
      }
      expect(await kit.leftovers()).toBe(0)
    })

    test('puts what is new in the place of what was there', async () => {
      const name = newId('b')
      await blobs.put(name, inPieces(Buffer.from('one')))
      await blobs.put(name, inPieces(Buffer.from('two, longer')))
      expect(Buffer.concat(await all(blobs.open(name))).toString()).toBe('two, longer')
    })

    test('a file of this computer has the bytes', async () => {
      const name = `a/b/c/${newId('b')}`
      await blobs.put(name, inPieces(Buffer.from('on disk')))
      const file = await blobs.file(name)
      expect(await readFile(file.path, 'utf8')).toBe('on disk')
      await file.release()
      expect(Buffer.concat(await all(blobs.open(name))).toString()).toBe('on disk')
    })

    test('what is removed or never was is not found, and may be removed again', async () => {
      const name = newId('b')
      await blobs.put(name, inPieces(Buffer.from('x')))
      await blobs.remove(name)
      await blobs.remove(name)
      await expect(all(blobs.open(name))).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await expect(blobs.file(name)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })

    test('names of one another’s folders do not meet', async () => {
      const name = newId('b')
      await blobs.put(name, inPieces(Buffer.from('file')))
      await blobs.put(`${name}/below`, inPieces(Buffer.from('below')))
      expect(Buffer.concat(await all(blobs.open(name))).toString()).toBe('file')
      expect(Buffer.concat(await all(blobs.open(`${name}/below`))).toString()).toBe('below')
    })

    describe.each([
      ['small', 1_000],
      ['in parts', large],
    ])('%s', (_, size) => {
      test('beyond the limit nothing is kept, and what was there stays', async () => {
        const name = newId('b')
        const put = () => blobs.put(name, inPieces(randomBytes(size)), { limitBytes: size - 1 })
        await expect(put()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
        await expect(all(blobs.open(name))).rejects.toMatchObject({ code: 'NOT_FOUND' })
        await blobs.put(name, inPieces(Buffer.from('before')), { limitBytes: 6 })
        await expect(put()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
        expect(Buffer.concat(await all(blobs.open(name))).toString()).toBe('before')
        expect(await kit.leftovers()).toBe(0)
      })

      test('what the source throws comes out, and nothing is kept', async () => {
        const name = newId('b')
        const problem = new Error('the sender is gone')
        async function* broken() {
          yield* inPieces(randomBytes(size))
          throw problem
        }
        await expect(blobs.put(name, broken())).rejects.toBe(problem)
        await expect(all(blobs.open(name))).rejects.toMatchObject({ code: 'NOT_FOUND' })
        expect(await kit.leftovers()).toBe(0)
      })

      test('an abort while bytes are waited for ends it at once, and nothing is kept', async () => {
        const name = newId('b')
        const controller = new AbortController()
        const reason = new Error('enough')
        async function* silent() {
          yield* inPieces(randomBytes(size))
          controller.abort(reason)
          await new Promise(() => {})
        }
        await expect(blobs.put(name, silent(), { signal: controller.signal })).rejects.toBe(reason)
        await expect(all(blobs.open(name))).rejects.toMatchObject({ code: 'NOT_FOUND' })
        expect(await kit.leftovers()).toBe(0)
      })
    })

    test('what is read may be left in the middle, or aborted', async () => {
      const name = newId('b')
      await blobs.put(name, inPieces(randomBytes(5 * 1024 * 1024)))
      for await (const piece of blobs.open(name)) {
        expect(piece.byteLength).toBeGreaterThan(0)
        break
      }
      const controller = new AbortController()
      const reason = new Error('enough')
      const read = async () => {
        for await (const piece of blobs.open(name, { signal: controller.signal }))
          if (piece.byteLength > 0) controller.abort(reason)
      }
      await expect(read()).rejects.toBe(reason)
    })

    test('other names than tokens with slashes between them are refused', async () => {
      for (const name of ['', '..', 'a/../b', '/a', 'a/', 'a//b', 'a/b/c/d/e', 'a b', 'ä', 'a'.repeat(65), 'a\\b'])
        await expect(blobs.put(name, inPieces(Buffer.from('x')))).rejects.toThrow('not the name of a blob')
    })

    test('many at once keep apart', async () => {
      const many = Array.from({ length: 20 }, (_, index) => ({ name: newId('m'), text: `text ${index}` }))
      await Promise.all(many.map(({ name, text }) => blobs.put(name, inPieces(Buffer.from(text)))))
      const found = await Promise.all(
        many.map(async ({ name }) => Buffer.concat(await all(blobs.open(name))).toString()),
      )
      expect(found).toEqual(many.map(({ text }) => text))
    })
  })
}

async function* inPieces(bytes: Uint8Array, size = 1_000_000): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.byteLength; from += size) yield bytes.subarray(from, from + size)
}

async function all(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  for await (const piece of bytes) pieces.push(piece)
  return pieces
}

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64url')
