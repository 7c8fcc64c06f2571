import { AwsClient } from 'aws4fetch'
import { createHash } from 'node:crypto'
import type { Bucket } from './blobs-url.ts'
import { notFound, precondition, unavailable } from './errors.ts'

export interface BucketRequest {
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly signal?: AbortSignal
}

/** Signed requests to one bucket. */
export interface Requests {
  /**
   * Resolves with an answer that is good. Asks again where the network broke or the bucket was busy. Rejects with NOT_FOUND, FAILED_PRECONDITION (what the bucket
   * refuses will be refused again), UNAVAILABLE, or the signal's reason.
   */
  send(method: string, key: string, request?: BucketRequest): Promise<Response>
}

const WAITS_MS = [100, 400, 1_600]
const TIMEOUT_MS = 120_000

export function createRequests(bucket: Bucket): Requests {
  const { accessKeyId, secretAccessKey, region } = bucket
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 0 })
  const once = async (method: string, key: string, { query = {}, headers, body, signal }: BucketRequest) => {
    const url = new URL(`${bucket.url}/${key}`)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const hash = createHash('sha256').update(body ?? '')
    const signed = await client.sign(url.href, {
      method,
      headers: { ...headers, 'x-amz-content-sha256': hash.digest('hex') },
      ...(body ? { body: new Uint8Array(body) } : {}),
    })
    const late = AbortSignal.timeout(TIMEOUT_MS)
    // A file that is read may take longer than its first byte.
    const signals = method === 'GET' ? [] : [late]
    return fetch(signed, { signal: AbortSignal.any([...signals, ...(signal ? [signal] : [])]) })
  }
  return {
    async send(method, key, request = {}) {
      for (let tries = 0; ; tries++) {
        request.signal?.throwIfAborted()
        const outcome = await once(method, key, request).catch((error: unknown) => {
          if (request.signal?.aborted) throw request.signal.reason
          return error instanceof Error ? error : new Error(String(error))
        })
        if (!(outcome instanceof Error) && outcome.ok) return outcome
        const problem = outcome instanceof Error ? toUnreachable(outcome) : await toProblem(outcome)
        if (!problem.again || tries >= WAITS_MS.length) throw problem.error
        await new Promise(resolve => setTimeout(resolve, (WAITS_MS[tries] ?? 0) * (0.5 + Math.random())))
      }
    },
  }
}

interface BucketProblem {
  readonly error: Error
  readonly again: boolean
}

function toUnreachable(cause: Error): BucketProblem {
  return { error: unavailable('the bucket for files cannot be reached', { cause }), again: true }
}

/** Bodies of refusals are short XML; only their code is told. */
async function toProblem(answer: Response): Promise<BucketProblem> {
  const text = await answer.text().catch(() => '')
  const code = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(text)?.[1] ?? `HTTP ${answer.status}`
  // What is not implemented (501) will not be the next time.
  const busy = (answer.status >= 500 && answer.status !== 501) || answer.status === 429 || answer.status === 408
  if (busy || code === 'RequestTimeout')
    return { error: unavailable(`the bucket for files is busy: ${code}`), again: true }
  if (answer.status === 404 && code !== 'NoSuchBucket')
    return { error: notFound(`not in the bucket: ${code}`), again: false }
  return { error: precondition(`the bucket for files refuses: ${code}; see BLOB_URL`), again: false }
}
