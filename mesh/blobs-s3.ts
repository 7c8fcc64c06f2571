import { copyToFile } from './blobs-file.ts'
import { cut, readName, takeIn } from './blobs-intake.ts'
import { createRequests } from './blobs-s3-requests.ts'
import type { Requests } from './blobs-s3-requests.ts'
import type { Bucket } from './blobs-url.ts'
import type { Blobs } from './blobs.ts'
import { isCoded, notFound, unavailable } from './errors.ts'

/** What is larger is sent in parts of this size; the last one may be smaller. */
const PART_BYTES = 8 * 1024 * 1024
const MOST_RESUMES = 3

/** Files of the instance in a bucket, by what all that speak S3 have: PUT, GET with a range, DELETE, HEAD and uploads in parts, path-style, Signature Version 4. */
export function openBucketBlobs(bucket: Bucket): Blobs {
  const requests = createRequests(bucket)
  const keyOf = (name: string) => bucket.prefix + readName(name).join('/')
  const open: Blobs['open'] = (name, { signal } = {}) => download(requests, keyOf(name), name, signal)
  return {
    async put(name, bytes, options = {}) {
      const key = keyOf(name)
      const intake = takeIn(bytes, options)
      await upload(requests, key, intake.pieces, options.signal)
      return intake.taken()
    },
    open,
    file: name => copyToFile(open(name)),
    async remove(name) {
      await requests.send('DELETE', keyOf(name)).catch((error: unknown) => {
        if (!isCoded(error, 'NOT_FOUND')) throw error
      })
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** One PUT, or parts that become a file only when all are there. What begins to become one is not broken off: nobody could say what is kept then. */
async function upload(
  requests: Requests,
  key: string,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let parts: Parts | undefined
  let held: Uint8Array[] = []
  let heldBytes = 0
  const take = () => {
    const body = Buffer.concat(held)
    ;[held, heldBytes] = [[], 0]
    return body
  }
  try {
    for await (const piece of pieces) {
      held.push(piece)
      heldBytes += piece.byteLength
      if (heldBytes < PART_BYTES) continue
      parts ??= await beginParts(requests, key)
      await parts.add(take(), signal)
    }
    if (parts && heldBytes > 0) await parts.add(take(), signal)
    signal?.throwIfAborted()
    if (parts) await parts.complete()
    else await requests.send('PUT', key, { body: take() })
  } catch (error) {
    await parts?.abort()
    throw error
  }
}

interface Parts {
  add(body: Uint8Array, signal: AbortSignal | undefined): Promise<void>
  complete(): Promise<void>
  abort(): Promise<void>
}

async function beginParts(requests: Requests, key: string): Promise<Parts> {
  const begun = await (await requests.send('POST', key, { query: { uploads: '' } })).text()
  const uploadId = element(begun, 'UploadId')
  if (uploadId === undefined) throw unavailable('the bucket began no upload in parts')
  const tags: string[] = []
  let sizeBytes = 0
  return {
    async add(body, signal) {
      const query = { partNumber: String(tags.length + 1), uploadId }
      const answer = await requests.send('PUT', key, { query, body, ...(signal ? { signal } : {}) })
      tags.push(answer.headers.get('etag') ?? '')
      sizeBytes += body.byteLength
    },
    async complete() {
      const body = `<CompleteMultipartUpload>${tags.map((tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`).join('')}</CompleteMultipartUpload>`
      const query = { uploadId }
      try {
        const answer = await (await requests.send('POST', key, { query, body: Buffer.from(body) })).text()
        // It may say 200 first and fail afterwards.
        if (element(answer, 'ETag') === undefined)
          throw unavailable(
            `the bucket did not put the parts together: ${element(answer, 'Code') ?? 'no reason given'}`,
          )
      } catch (error) {
        // Done, and only the answer was lost: then there is no such upload any more, but the file is there.
        if (!isCoded(error, 'NOT_FOUND')) throw error
        const { headers } = await requests.send('HEAD', key)
        if (Number(headers.get('content-length')) !== sizeBytes) throw error
      }
    },
    async abort() {
      await requests.send('DELETE', key, { query: { uploadId } }).catch(() => {
        // A bucket's own rule for uploads that were left removes it.
      })
    },
  }
}

/** Goes on where a connection broke, with the same file. */
async function* download(
  requests: Requests,
  key: string,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let [offset, resumes, tag] = [0, 0, '']
  for (;;) {
    const answer = await requests
      .send('GET', key, {
        ...(signal ? { signal } : {}),
        headers: offset === 0 ? {} : { range: `bytes=${offset}-`, 'if-match': tag },
      })
      .catch((error: unknown) => {
        throw isCoded(error, 'NOT_FOUND') ? notFound(`there is no file "${name}"`, { cause: error }) : error
      })
    tag = answer.headers.get('etag') ?? ''
    try {
      for await (const bytes of answer.body ?? []) {
        offset += bytes.byteLength
        yield* cut(bytes)
      }
      return
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (tag === '' || ++resumes > MOST_RESUMES)
        throw unavailable('the connection to the bucket broke', { cause: error })
    }
  }
}

/** The text of an element of an XML answer, where nothing else of it is of interest. */
function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]?.replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}
