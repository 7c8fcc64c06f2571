// Images by address, for vendors that take bytes only: servers of one's own, which would fetch from inside this network, and some others.
import { invalid, isCoded } from '#mesh/errors.ts'
import type { Outbound } from '#mesh/outbound.ts'
import type { ProviderRequest } from '../provider.ts'

const MOST_BYTES = 10 * 1024 * 1024
const FETCH_MS = 30_000

/** The request with all images as data URLs. They are fetched through the guarded client. INVALID_ARGUMENT names each one that cannot be had, or is no image. */
export async function withImageData(
  request: ProviderRequest,
  outbound: Outbound,
  caller: AbortSignal,
): Promise<ProviderRequest> {
  if (!request.messages.some(({ images = [] }) => images.some(url => !url.startsWith('data:')))) return request
  const signal = AbortSignal.any([caller, AbortSignal.timeout(FETCH_MS)])
  const messages = await Promise.all(
    request.messages.map(async (message, index) => {
      const { images } = message
      if (!images) return message
      const path = (at: number) => `messages[${index}].images[${at}].url`
      const data = images.map(async (url, at) =>
        url.startsWith('data:') ? url : toData(url, path(at), { outbound, signal, caller }),
      )
      return { ...message, images: await Promise.all(data) }
    }),
  )
  return { ...request, messages }
}

async function toData(
  url: string,
  path: string,
  { outbound, signal, caller }: { outbound: Outbound; signal: AbortSignal; caller: AbortSignal },
): Promise<string> {
  const refuse = (message: string) => invalid([{ path, message: `"${url.slice(0, 200)}" ${message}` }])
  const pieces: Uint8Array[] = []
  let size = 0
  let status: number
  try {
    const answer = await outbound.open(url, { signal })
    status = answer.status
    for await (const piece of answer.body) {
      size += piece.length
      if (status !== 200 || size > MOST_BYTES) break
      pieces.push(piece)
    }
  } catch (error) {
    if (caller.aborted) throw error
    throw refuse(
      signal.aborted
        ? `did not come within ${FETCH_MS} ms`
        : `cannot be fetched: ${isCoded(error) || error instanceof Error ? error.message : String(error)}`,
    )
  }
  if (status !== 200) throw refuse(`cannot be fetched: it answered ${status}`)
  if (size > MOST_BYTES) throw refuse(`is larger than ${MOST_BYTES} bytes`)
  const bytes = Buffer.concat(pieces)
  const mediaType = mediaTypeOf(bytes)
  if (!mediaType) throw refuse('is not an image: expected PNG, JPEG, GIF or WebP')
  return `data:${mediaType};base64,${bytes.toString('base64')}`
}

/** By its first bytes. */
function mediaTypeOf(bytes: Buffer): string | undefined {
  const begin = bytes.subarray(0, 12).toString('latin1')
  if (begin.startsWith('\x89PNG\r\n')) return 'image/png'
  if (begin.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (begin.startsWith('GIF8')) return 'image/gif'
  return begin.startsWith('RIFF') && begin.endsWith('WEBP') ? 'image/webp' : undefined
}
