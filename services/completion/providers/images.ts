// Pictures of everything that speaks OpenAI's API.
import type OpenAI from 'openai'
import { cancelled, deadline, unavailable } from '#mesh/errors.ts'
import { createOutbound } from '#mesh/outbound.ts'
import type { Outbound } from '#mesh/outbound.ts'
import type { ProviderCall, ProviderImage, ProviderImageRequest } from '../provider.ts'
import { toCoded } from './client.ts'
import type { ClientFor, Vendor } from './client.ts'

/** Vendors that make pictures by this API. */
const WITH: ReadonlySet<string> = new Set(['openai', 'google', 'together', 'ollama', 'vllm'])
/** A picture takes longer than a word. */
const PATIENCE = 3
const MOST_BYTES = 24 * 1024 * 1024

export interface ImagesOptions {
  readonly name: string
  readonly vendor: Vendor
  readonly clientFor: ClientFor
  /** Hosts inside this network that may be reached. */
  readonly OUTBOUND_ALLOW: string
  onStop(stop: () => Promise<void> | void): void
}

/** How pictures of a vendor are asked for; undefined: it makes none. `isOwn`: under its name stands a server of one's own. */
export function createImage(
  { name, vendor, clientFor, OUTBOUND_ALLOW, onStop }: ImagesOptions,
  isOwn: boolean,
): ((request: ProviderImageRequest, call: ProviderCall) => AsyncIterable<ProviderImage>) | undefined {
  if (!isOwn && !WITH.has(name)) return undefined
  // Where a vendor answers with an address in place of a picture, that is the vendor's word; the operator's own server may name itself.
  const outbound = createOutbound({ OUTBOUND_ALLOW: [OUTBOUND_ALLOW, new URL(vendor.url).host].join(',') })
  onStop(async () => outbound[Symbol.asyncDispose]())
  const timeoutMs = vendor.timeoutMs * PATIENCE
  return async function* image(request, { key, signal }) {
    try {
      const body = toBody(name, isOwn, request)
      const client = await clientFor(key)
      const { data, usage } = await client.images.generate(body, { signal, timeout: timeoutMs })
      const [picture] = data ?? []
      const bytes = picture?.b64_json
        ? Buffer.from(picture.b64_json, 'base64')
        : picture?.url
          ? await fetchPicture(picture.url, { outbound, signal, timeoutMs })
          : undefined
      if (!bytes) throw unavailable("the model's provider answered without a picture")
      const mediaType = mediaTypeOf(bytes)
      if (!mediaType) throw unavailable("the model's provider answered with something that is no picture")
      yield {
        mediaType,
        bytes,
        usage: { inputTokens: usage?.input_tokens ?? 0, outputTokens: usage?.output_tokens ?? 0 },
      }
    } catch (error) {
      if (signal.aborted) throw cancelled()
      throw toCoded(error, { vendor, key, model: request.model })
    }
  }
}

type Body = OpenAI.ImageGenerateParamsNonStreaming & { seed?: number; width?: number; height?: number }

function toBody(name: string, isOwn: boolean, { model, prompt, size, seed }: ProviderImageRequest): Body {
  const [width, height] = (size ?? '').split('x').map(Number)
  const isOpenAi = name === 'openai' && !isOwn
  return {
    model,
    prompt,
    n: 1,
    // OpenAI's newer models answer with bytes only, and refuse to be asked how.
    ...(!isOpenAi || model.startsWith('dall-e') ? { response_format: 'b64_json' } : {}),
    ...(size === undefined ? {} : name === 'together' && !isOwn ? { width, height } : { size }),
    ...(seed === undefined || isOpenAi || (name === 'google' && !isOwn) ? {} : { seed }),
  }
}

async function fetchPicture(
  url: string,
  { outbound, signal, timeoutMs }: { outbound: Outbound; signal: AbortSignal; timeoutMs: number },
): Promise<Buffer> {
  if (url.startsWith('data:')) return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')
  const timeout = AbortSignal.timeout(timeoutMs)
  const host = URL.parse(url)?.host ?? url
  try {
    const { status, body } = await outbound.open(url, { signal: AbortSignal.any([signal, timeout]) })
    const pieces: Uint8Array[] = []
    let size = 0
    for await (const piece of body) {
      if (status !== 200) break
      size += piece.length
      if (size > MOST_BYTES) throw unavailable(`the picture at ${host} is larger than ${MOST_BYTES} bytes`)
      pieces.push(piece)
    }
    if (status !== 200)
      throw unavailable(`the picture is not at ${host}, where the model's provider says it is (${status})`)
    return Buffer.concat(pieces)
  } catch (error) {
    if (timeout.aborted && !signal.aborted) throw deadline(`the picture at ${host} did not come within ${timeoutMs} ms`)
    throw error
  }
}

/** By its first bytes: what servers say of it is not always so. */
function mediaTypeOf(bytes: Buffer): string | undefined {
  const starts = (text: string, at = 0) => bytes.subarray(at, at + text.length).equals(Buffer.from(text, 'latin1'))
  if (starts('\x89PNG\r\n')) return 'image/png'
  if (starts('\xff\xd8\xff')) return 'image/jpeg'
  if (starts('GIF8')) return 'image/gif'
  if (starts('RIFF') && starts('WEBP', 8)) return 'image/webp'
  if (starts('ftypavif', 4)) return 'image/avif'
  return /^\s*(<\?xml[^>]*>\s*)?<svg[\s>]/.test(bytes.subarray(0, 500).toString('utf8')) ? 'image/svg+xml' : undefined
}
