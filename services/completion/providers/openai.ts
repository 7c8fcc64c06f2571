// Everything that speaks OpenAI's chat API: OpenAI itself, and whoever is in the table of presets.
import { setImmediate as turn } from 'node:timers/promises'
import type OpenAI from 'openai'
import { cancelled, deadline } from '#mesh/errors.ts'
import { createOutbound } from '#mesh/outbound.ts'
import type {
  Provider,
  ProviderCall,
  ProviderDefinition,
  ProviderEnvironment,
  ProviderPart,
  ProviderRequest,
} from '../provider.ts'
import { readArrivals } from './chat-arrivals.ts'
import { toBody } from './chat-body.ts'
import { createChatReader } from './chat-stream.ts'
import { createClients, toCoded } from './client.ts'
import type { ClientFor, Vendor } from './client.ts'
import { createEmbed } from './embeddings.ts'
import { withImageData } from './image-data.ts'
import { createImage } from './images.ts'
import { createLookout } from './lookout.ts'
import { keySettingOf, PRESETS, urlSettingOf } from './presets.ts'
import type { Preset, PresetName, Quirks } from './presets.ts'

export default PRESETS.map((preset): ProviderDefinition => {
  const { name, title, about } = preset
  const secret = keySettingOf(name)
  return {
    name,
    title,
    about,
    secret,
    open(environment) {
      const { settings } = environment
      const own = settings[urlSettingOf(name)]
      const url = own || preset.url
      if (url === '') return undefined
      return createProvider(preset, { title, url, secret, timeoutMs: settings.COMPLETION_TIMEOUT_MS }, environment)
    },
  }
})

/** Vendors list what is no matter of completion, too. */
const OTHER = /whisper|\btts\b|-tts|moderation|transcribe|realtime|-audio|babbage-|davinci-|sora-/

/** A server of one's own may want no key. Ollama is there when it listens. */
function createProvider(
  preset: Preset & { name: PresetName },
  vendor: Vendor,
  { settings: { OUTBOUND_ALLOW }, onStop }: ProviderEnvironment,
): Provider {
  const isOwn = vendor.url !== preset.url
  const clientFor = createClients(vendor)
  const asked = { name: preset.name, vendor, clientFor }
  const embed = createEmbed(asked, isOwn)
  const image = createImage({ ...asked, OUTBOUND_ALLOW, onStop }, isOwn)
  const coded = (error: unknown, key: string, model: string) => toCoded(error, { vendor, key, model })
  const quirks: Quirks = preset.quirks ?? {}
  const outbound = quirks.images === 'data' ? createOutbound({ OUTBOUND_ALLOW }) : undefined
  if (outbound) onStop(async () => outbound[Symbol.asyncDispose]())
  const lookout = preset.name === 'ollama' && !isOwn ? createLookout(vendor.url) : undefined
  return {
    needsKey: preset.needsKey && !isOwn,
    isUsual: !isOwn,
    ...(lookout ? { unready: async () => explained(await lookout.missing(), preset) } : {}),
    async models({ key, signal }) {
      try {
        const client = await clientFor(key)
        const { data } = await client.models.list({ signal })
        return data
          .filter(({ id }) => !OTHER.test(id))
          .map(({ id, owned_by }) => ({
            // Google writes `models/gemini-…`.
            name: id.replace(/^models\//, ''),
            about: owned_by ? `from ${owned_by}` : '',
          }))
      } catch (error) {
        throw coded(error, key, '')
      }
    },
    async *complete(request, call) {
      const sent = outbound ? await withImageData(request, outbound, call.signal) : request
      yield* complete(sent, call, { vendor, clientFor, quirks })
    },
    ...(embed ? { embed } : {}),
    ...(image ? { image } : {}),
  }
}

/** What is missing, and what can be done about it. */
function explained(missing: string | undefined, { about, name }: Preset): string | undefined {
  return missing === undefined
    ? undefined
    : `${missing}, where ${name.toUpperCase()}_BASE_URL says nothing else: ${about}`
}

const TURN_MS = 8

interface Asked {
  readonly vendor: Vendor
  readonly clientFor: ClientFor
  readonly quirks: Quirks
}

async function* complete(request: ProviderRequest, call: ProviderCall, asked: Asked): AsyncGenerator<ProviderPart> {
  const { vendor, clientFor, quirks } = asked
  const silence = createSilence(vendor.timeoutMs)
  const signal = AbortSignal.any([call.signal, silence.signal])
  const refuseEnd = () => {
    if (call.signal.aborted) throw cancelled()
    if (silence.signal.aborted) throw deadline(`the model's provider was silent for ${vendor.timeoutMs} ms`)
  }
  const reader = createChatReader({ thinkTags: quirks.thinkTags ?? false, inputTokens: estimate(request) })
  try {
    const { body } = await open(await clientFor(call.key), request, { quirks, title: vendor.title, signal })
    let since = performance.now()
    for await (const parts of readArrivals(body ?? nothing(), reader)) {
      silence.pause()
      yield* parts
      // What has arrived at once would be gone through at once: others have their turn.
      if (performance.now() - since > TURN_MS) {
        await turn()
        since = performance.now()
      }
      silence.resume()
    }
  } catch (error) {
    refuseEnd()
    throw toCoded(error, { vendor, key: call.key, model: request.model })
  } finally {
    silence.end()
  }
  refuseEnd()
  yield* reader.end()
}

function open(
  client: OpenAI,
  request: ProviderRequest,
  { quirks, title, signal }: { quirks: Quirks; title: string; signal: AbortSignal },
) {
  const { idempotencyKey } = request
  const headers = idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}
  // Its own reader of the stream takes twice as long as all the rest.
  return client.chat.completions.create(toBody(request, quirks, title), { signal, headers }).asResponse()
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** A connection that falls silent in the middle is not a slow model: each piece has the same time. A slow reader's time is its own. */
function createSilence(ms: number) {
  const abort = new AbortController()
  let isWaiting = true
  const timer = setTimeout(() => {
    if (isWaiting) abort.abort()
    else timer.refresh()
  }, ms)
  return {
    signal: abort.signal,
    pause() {
      isWaiting = false
    },
    resume() {
      isWaiting = true
      timer.refresh()
    },
    end: () => clearTimeout(timer),
  }
}

/** About how many tokens a request has, where the vendor does not tell. */
function estimate({ messages }: ProviderRequest): number {
  return Math.ceil(messages.reduce((sum, { content }) => sum + content.length, 0) / 4)
}
