// Everything that speaks OpenAI's audio API: OpenAI itself, Kokoro-FastAPI, Speaches, LocalAI and others, by base URL.
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { precondition } from '#mesh/errors.ts'
import { FORMATS } from '../provider.ts'
import type { Asker, ProviderDefinition, ProviderRecogniser, ProviderVoice, SpeechSettings } from '../provider.ts'
import { MEDIA_TYPES } from '../sniff.ts'
import type { AudioKind } from '../sniff.ts'
import { createClient } from './openai-client.ts'
import type { Api } from './openai-client.ts'
import { RECOGNISERS, VOICES } from './openai-figures.ts'
import { hearByApi } from './openai-hear.ts'
import { speakByApi } from './openai-speak.ts'

const OPENAI = 'https://api.openai.com/v1'
const LIST_MS = 3_000
const KEPT_MS = 60_000
const KINDS = Object.keys(MEDIA_TYPES) as AudioKind[]

export default {
  name: 'openai',
  open({ settings }) {
    const { url, secret, isOpenAi, ownKey } = placeOf(settings)
    const apiFor = async (asker: Asker): Promise<Api & { isOpenAi: boolean }> => {
      // The user's key goes before the instance's.
      const key = (await asker.secret(secret)) ?? ownKey
      if (key === '' && isOpenAi)
        throw precondition(`"openai" needs a key: set ${secret}, or add a secret of that name under Account > Secrets`)
      return { url, key, secret, isOpenAi, timeoutMs: settings.SPEECH_TIMEOUT_MS }
    }
    const voicesOf = remembered(listVoices)
    const recognisersOf = remembered(listRecognisers)
    return {
      isReady: async asker => !isOpenAi || ownKey !== '' || asker.keeps(secret),
      accepts: name => !isOpenAi || /^voice_|transcribe|whisper/.test(name),
      voices: async asker => (isOpenAi ? VOICES.map(name => toVoice(name, 'OpenAI’s')) : voicesOf(await apiFor(asker))),
      recognisers: async asker =>
        isOpenAi
          ? Object.entries(RECOGNISERS).map(([name, { about, partial, timestamps }]) => ({
              name,
              about,
              partial,
              timestamps,
              takes: KINDS,
            }))
          : recognisersOf(await apiFor(asker)),
      async *speak(request, asker) {
        const api = await apiFor(asker)
        yield* speakByApi(request, { ...api, model: settings.SPEECH_MODEL }, asker.call.signal)
      },
      async *hear(request, asker) {
        const api = await apiFor(asker)
        const timestamps = RECOGNISERS[request.model]?.timestamps ?? !isOpenAi
        yield* hearByApi(request, { ...api, timestamps }, asker.call.signal)
      },
    }
  },
} satisfies ProviderDefinition

/** A server of its own for speech has a key of its own: OpenAI's is not shown to it. */
function placeOf(settings: SpeechSettings) {
  const isOwn = settings.SPEECH_BASE_URL !== ''
  const url = settings.SPEECH_BASE_URL || settings.OPENAI_BASE_URL || OPENAI
  return {
    url,
    isOpenAi: URL.parse(url)?.host === 'api.openai.com',
    secret: isOwn ? 'SPEECH_API_KEY' : 'OPENAI_API_KEY',
    ownKey: isOwn ? settings.SPEECH_API_KEY : settings.OPENAI_API_KEY,
  }
}

function toVoice(name: string, whose: string): ProviderVoice {
  return { name, title: name, about: `${whose} voice, made by a computer`, languages: [], formats: FORMATS }
}

/** What a server was asked lately is not asked again, with the same key; who asks meanwhile waits for the same answer. */
function remembered<T>(ask: (api: Api) => Promise<T>): (api: Api) => Promise<T> {
  const known = new LRUCache<string, Promise<T>>({ max: 1_000, ttl: KEPT_MS })
  return api => {
    const name = createHash('sha256').update(api.key).digest('base64url')
    const answer = known.get(name) ?? ask(api)
    known.set(name, answer, { noUpdateTTL: true })
    return answer
  }
}

/** Not every server lists its voices: one that does not still speaks with any that is named. */
async function listVoices(api: Api): Promise<readonly ProviderVoice[]> {
  const client = await createClient(api)
  const answer = await client.get<{ voices?: unknown } | null>('/audio/voices', ASKING()).catch(() => null)
  const voices: readonly unknown[] = Array.isArray(answer?.voices) ? answer.voices : []
  return voices.flatMap(one => {
    const name = typeof one === 'string' ? one : ((one ?? {}) as { id?: unknown }).id
    return typeof name === 'string' && name !== '' ? [toVoice(name, 'This server’s')] : []
  })
}

async function listRecognisers(api: Api): Promise<readonly ProviderRecogniser[]> {
  const client = await createClient(api)
  const answer = await client.get<{ data?: unknown } | null>('/models', ASKING()).catch(() => null)
  const models: readonly unknown[] = Array.isArray(answer?.data) ? answer.data : []
  return models.flatMap(one => {
    const name = ((one ?? {}) as { id?: unknown }).id
    return typeof name === 'string' && HEARS.test(name)
      ? [{ name, about: 'Of this server', partial: true, timestamps: true, takes: KINDS }]
      : []
  })
}

const HEARS = /whisper|transcri|parakeet|canary|\basr\b|moonshine|sensevoice/i
const ASKING = () => ({ signal: AbortSignal.timeout(LIST_MS), maxRetries: 0 })
