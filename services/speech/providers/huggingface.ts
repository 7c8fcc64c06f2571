// Open models of speech through the huggingface service: it knows the wire, keys, loading and retries.
import { LRUCache } from 'lru-cache'
import type { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { invalid, unavailable } from '#mesh/errors.ts'
import type { Client, ClientCallOptions } from '#mesh/service.ts'
import type { Asker, HeardPart, HearRequest, ProviderDefinition, SpeakRequest, SpokenPart, Timed } from '../provider.ts'
import { MEDIA_TYPES } from '../sniff.ts'
import type { AudioKind } from '../sniff.ts'
import { toSpoken } from '../sounding.ts'

type Huggingface = Pick<Client<typeof HuggingfaceServiceDefinition>, 'run' | 'listModels'>

const SPEAKS = 'text-to-speech'
const HEARS = 'automatic-speech-recognition'
const KEPT_MS = 300_000
/** What a request of that service may carry. */
const MOST_BYTES = 3 * 1024 * 1024
const KINDS = Object.keys(MEDIA_TYPES) as AudioKind[]

export default {
  name: 'huggingface',
  open({ settings, huggingface }) {
    const known = new LRUCache<string, Promise<readonly string[]>>({ max: 2, ttl: KEPT_MS })
    /** What the hub says is served now is the same for everybody. */
    const modelsOf = (task: string, asker: Asker): Promise<readonly string[]> => {
      const asked =
        known.get(task) ??
        huggingface
          .listModels({ task, served: true }, optionsOf(asker))
          .then(({ models }) => models.map(({ id }) => id))
      known.set(task, asked, { noUpdateTTL: true })
      asked.catch(() => known.get(task) === asked && known.delete(task))
      return asked
    }
    return {
      isReady: async asker => settings.HF_TOKEN !== '' || asker.keeps('HF_TOKEN'),
      accepts: name => /^[\w.-]+\/[\w.-]+$/.test(name),
      voices: async asker =>
        (await modelsOf(SPEAKS, asker)).map(name => ({
          name,
          title: name,
          about: 'A model of Hugging Face’s hub, in its own voice',
          languages: [],
          formats: [],
        })),
      recognisers: async asker =>
        (await modelsOf(HEARS, asker)).map(name => ({
          name,
          about: 'A model of Hugging Face’s hub',
          partial: false,
          timestamps: true,
          takes: KINDS,
        })),
      speak: (request, asker) => speak(huggingface, request, asker),
      hear: (request, asker) => hear(huggingface, request, asker),
    }
  },
} satisfies ProviderDefinition

const callerOf = ({ call }: Pick<Asker, 'call'>) => ({ user: call.caller.user, service: 'speech' })

function optionsOf({ call }: Asker): ClientCallOptions {
  const capability = call.metadata.get('capability')
  return {
    caller: callerOf({ call }),
    signal: call.signal,
    ...(capability === undefined ? {} : { metadata: { capability } }),
  }
}

async function* speak(
  huggingface: Huggingface,
  { voice, text, speed, format }: SpeakRequest,
  asker: Asker,
): AsyncGenerator<SpokenPart> {
  const cannot = [
    ...(speed === 1 ? [] : [{ path: 'speed', message: `cannot be chosen for "huggingface/${voice}": expected 1` }]),
    ...(format ? [{ path: 'format', message: `cannot be chosen for "huggingface/${voice}": expected none` }] : []),
  ]
  if (cannot.length > 0) throw invalid(cannot)
  const answer = huggingface.run({ task: SPEAKS, model: voice, inputs: toJson(text) }, optionsOf(asker))
  const bytes = async function* () {
    for await (const { part } of answer) if (part?.$case === 'data') yield part.value
  }
  yield* toSpoken(bytes(), `"huggingface/${voice}"`)
}

async function* hear(
  huggingface: Huggingface,
  { model, audio, kind, timestamps }: HearRequest,
  asker: Asker,
): AsyncGenerator<HeardPart> {
  if (audio.length > MOST_BYTES)
    throw invalid([
      { path: 'audio', message: `has ${audio.length} bytes; "huggingface/${model}" listens to at most ${MOST_BYTES}` },
    ])
  const asked = {
    task: HEARS,
    model,
    data: audio,
    mediaType: MEDIA_TYPES[kind],
    ...(timestamps ? { parameters: toJson({ return_timestamps: true }) } : {}),
  }
  let text = ''
  let segments: readonly Timed[] = []
  for await (const { part } of huggingface.run(asked, optionsOf(asker))) {
    if (part?.$case === 'text') {
      text += part.value
      yield { partial: text }
    } else if (part?.$case === 'result') segments = segmentsIn(part.value)
    else if (part?.$case === 'finish') return yield { text: text.trim(), segments }
  }
  throw unavailable(`"huggingface/${model}" broke off before its end`)
}

/** `{chunks: [{text, timestamp: [seconds, seconds]}]}`; the end of the last may be missing. */
function segmentsIn(result: Uint8Array): readonly Timed[] {
  const { chunks } = JSON.parse(Buffer.from(result).toString('utf8')) as { chunks?: unknown }
  const pieces: readonly { text?: unknown; timestamp?: unknown }[] = Array.isArray(chunks) ? chunks : []
  return pieces.flatMap(({ text, timestamp }) => {
    if (typeof text !== 'string' || !Array.isArray(timestamp)) return []
    const [start, end] = (timestamp as readonly unknown[]).map(seconds =>
      Math.max(0, Math.round(Number(seconds) * 1000)),
    )
    return start !== undefined && Number.isFinite(start)
      ? [{ startMs: start, endMs: end !== undefined && end >= start ? end : start, text: text.trim() }]
      : []
  })
}

const toJson = (value: unknown) => Buffer.from(JSON.stringify(value))
