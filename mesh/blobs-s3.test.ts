import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { createHash, randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { openBucketBlobs } from './blobs-s3.ts'
import { bucketUrl, parseBucketUrl } from './blobs-url.ts'
import { testBlobs } from './blobs.suite.ts'
import type { Blobs } from './blobs.ts'
import { openS3Server } from './s3-server.suite.ts'
import type { S3Server } from './s3-server.suite.ts'

testBlobs('files in a bucket', async () => {
  const server = await openS3Server()
  const blobs = openBucketBlobs(parseBucketUrl(server.url))
  return {
    blobs,
    leftovers: async () => server.uploads.size,
    close: async () => server[Symbol.asyncDispose](),
  }
})

let server: S3Server
let blobs: Blobs
beforeAll(async () => {
  server = await openS3Server()
  blobs = openBucketBlobs(parseBucketUrl(server.url))
})
afterAll(async () => server[Symbol.asyncDispose]())
beforeEach(() => server.replyWith(undefined))

const MB = 1024 * 1024
async function* whole(bytes: Uint8Array) {
  for (let from = 0; from < bytes.byteLength; from += MB) yield bytes.subarray(from, from + MB)
}
async function read(name: string): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of blobs.open(name)) pieces.push(piece)
  return Buffer.concat(pieces)
}

test('names are kept under the prefix, and every request is signed', async () => {
  await blobs.put('a/b', whole(Buffer.from('x')))
  expect(server.files.get('in/here/a/b')?.toString()).toBe('x')
  expect(server.asked.at(-1)).toMatchObject({ method: 'PUT', key: 'in/here/a/b' })
})

test('another secret, region or bucket is refused, and the message says where to look', async () => {
  for (const [from, to, code] of [
    ['secret', 'other', 'SignatureDoesNotMatch'],
    ['eu-test-1', 'us-east-1', 'AuthorizationHeaderMalformed'],
    ['spellmesh-files', 'somebody-else', 'NoSuchBucket'],
  ] as const) {
    await using wrong = openBucketBlobs(parseBucketUrl(server.url.replace(from, to)))
    await expect(wrong.put('a', whole(Buffer.from('x')))).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: `the bucket for files refuses: ${code}; see BLOB_URL`,
    })
  }
})

test('what is busy is asked again, a lost connection too', async () => {
  let left = 2
  server.replyWith((_, response) => {
    if (left === 0) return false
    if (left-- === 2) response.writeHead(503).end('<Error><Code>SlowDown</Code></Error>')
    else response.destroy()
    return true
  })
  await blobs.put('busy', whole(Buffer.from('kept')))
  expect(left).toBe(0)
  expect((await read('busy')).toString()).toBe('kept')
})

test('what the server cannot do is asked once', async () => {
  let asked = 0
  server.replyWith((_, response) => {
    asked++
    response.writeHead(501).end('<Error><Code>NotImplemented</Code></Error>')
    return true
  })
  await expect(read('any')).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: 'the bucket for files refuses: NotImplemented; see BLOB_URL',
  })
  expect(asked).toBe(1)
})

test('what stays busy is UNAVAILABLE', async () => {
  server.replyWith((_, response) => {
    response.writeHead(500).end()
    return true
  })
  await expect(read('busy')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
}, 20_000)

test('reading goes on where the connection broke, but never with another file', async () => {
  const bytes = randomBytes(3 * MB)
  await blobs.put('long', whole(bytes))
  const ranges: (string | undefined)[] = []
  const breakOnce = (etag: string) => {
    ranges.length = 0
    server.replyWith(({ headers }, response: ServerResponse) => {
      ranges.push(headers.range)
      if (ranges.length > 1) return false
      response.writeHead(200, { 'content-length': bytes.length, etag })
      response.write(bytes.subarray(0, MB), () => setImmediate(() => response.destroy()))
      return true
    })
  }
  breakOnce(`"${createHash('md5').update(bytes).digest('hex')}"`)
  expect((await read('long')).equals(bytes)).toBe(true)
  expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/)])
  breakOnce('"of another file"')
  await expect(read('long')).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
})

test('an upload in parts whose last answer is lost is there; one that fails after 200 is not', async () => {
  const bytes = randomBytes(9 * MB)
  let lost = false
  server.replyWith(({ method, query }, response) => {
    if (method !== 'POST' || query.has('uploads') || lost) return false
    lost = true
    // The bucket does it, but nobody hears of that.
    response.end = (() => response.destroy()) as typeof response.end
    return false
  })
  await blobs.put('parts', whole(bytes))
  expect(lost).toBe(true)
  expect((await read('parts')).equals(bytes)).toBe(true)
  server.replyWith(({ method, query }, response) => {
    if (method !== 'POST' || query.has('uploads')) return false
    response.end('<Error><Code>InternalError</Code></Error>')
    return true
  })
  await expect(blobs.put('failed', whole(bytes))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'the bucket did not put the parts together: InternalError',
  })
  server.replyWith(undefined)
  await expect(read('failed')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(server.uploads.size).toBe(0)
})

test('the setting is read whole, and what is wrong with it is told without telling it', () => {
  expect(parseBucketUrl('s3://key:s%2Fcret@files.example:9000/bucket/a/b?region=eu-1&tls=no')).toEqual({
    url: 'http://files.example:9000/bucket',
    prefix: 'a/b/',
    region: 'eu-1',
    accessKeyId: 'key',
    secretAccessKey: 's/cret',
  })
  expect(parseBucketUrl('s3://k:s@s3.eu-central-1.amazonaws.com/my.bucket')).toMatchObject({
    url: 'https://s3.eu-central-1.amazonaws.com/my.bucket',
    prefix: '',
    region: 'us-east-1',
  })
  expect(parseBucketUrl('s3://k:s@host:80/bucket').url).toBe('https://host:80/bucket')
  const setting = bucketUrl()
  for (const [given, problem] of [
    ['https://k:hidden@host/bucket', 'is not the URL of a bucket'],
    ['s3://host/bucket', 'has no key and secret'],
    ['s3://k:hidden@host', 'has no name of a bucket'],
    ['s3://k:hidden@host/bucket?tls=maybe', 'has a tls that is neither yes nor no'],
    ['s3://k:hidden@host/bucket?other=1', 'has more than region and tls behind the bucket'],
    ['s3://k:hidden@host/bucket/a%20b', 'has a prefix of other than A-Z a-z 0-9 _ -'],
    ['s3://k:%zz@host/bucket', 'has a key or secret that is not percent-encoded'],
  ] as const) {
    const parsed = setting.parse(given)
    expect(parsed).toEqual({ problem: expect.stringContaining(problem) })
    expect(JSON.stringify(parsed)).not.toContain('hidden')
  }
})
