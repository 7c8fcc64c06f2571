import { defineNode, NodeFailure } from '#graph/define.ts'
import { fromDataUrl } from '../language/media.ts'
import type { Media } from '../language/media.ts'
import '../services.ts'

const PIECE_BYTES = 256 * 1024

export default defineNode({
  title: 'Listen',
  about:
    'Writes down what is said in a sound, while it is being understood where the recogniser can. Without one of its own it asks the instance’s default recogniser, at first a built-in demo that understands only the demo voice.',
  icon: 'ear',
  kind: 'action',
  effect: 'idempotent',
  keyed: true,
  config: {
    type: 'object',
    properties: {
      model: {
        type: 'string',
        title: 'Recogniser',
        format: 'recogniser',
        default: '',
        description: 'Empty: the default recogniser',
      },
      language: {
        type: 'string',
        title: 'Language',
        maxLength: 35,
        default: '',
        description: 'e.g. de; empty: found out',
      },
      timestamps: {
        type: 'boolean',
        title: 'Times',
        default: false,
        description: 'Sentences and words with their times, where the recogniser can',
      },
      prompt: {
        type: 'string',
        title: 'May hear',
        format: 'multiline',
        maxLength: 4_096,
        default: '',
        description: 'Names and words that may occur',
      },
    },
  },
  inputs: {
    audio: { type: 'audio', required: true, about: 'The sound, as a data URL: wav, mp3, ogg, webm, flac or m4a' },
    prompt: { type: 'string', about: 'In place of the words in the settings' },
  },
  outputs: {
    text: { type: 'string', about: 'What is said' },
    language: { type: 'string', about: 'In which language; empty: nobody knows' },
    durationMs: { type: 'number', about: 'How long the sound is; 0: nobody knows' },
    segments: { type: 'array', about: 'Sentences or so: `{startMs, endMs, text}` each' },
    words: { type: 'array', about: 'Words, the same way' },
    model: { type: 'string', about: 'Who listened' },
  },
  flow: { in: ['in'], out: ['out'] },
  async run({ audio, prompt }, { config, services, signal, idempotencyKey, token }) {
    const media = fromDataUrl(audio, 'audio', 'audio')
    const { model, language, timestamps } = config
    const asked = { model, mediaType: media.mediaType, language, timestamps, prompt: prompt ?? config.prompt }
    const options = { signal, metadata: { 'idempotency-key': idempotencyKey } }
    let streamed = ''
    // A recogniser may think better of a word; what was streamed cannot be taken back.
    const stream = (text: string) => {
      if (!text.startsWith(streamed) || text === streamed) return
      token(text.slice(streamed.length))
      streamed = text
    }
    for await (const { part } of services.speech.transcribe(requestsOf(asked, media), options)) {
      if (part?.$case === 'partial') stream(part.value)
      else if (part?.$case === 'transcript') {
        const { cost, segments, words, ...transcript } = part.value
        stream(transcript.text)
        return {
          outputs: {
            ...transcript,
            segments: segments.map(one => ({ ...one })),
            words: words.map(one => ({ ...one })),
          },
          usage: { model: transcript.model, ...(cost === undefined ? {} : { cost }) },
        }
      }
    }
    throw new NodeFailure('UNAVAILABLE', 'the recogniser broke off')
  },
})

async function* requestsOf(options: object, { bytes }: Media) {
  yield { part: { $case: 'options' as const, value: options } }
  for (let at = 0; at < bytes.length; at += PIECE_BYTES)
    yield { part: { $case: 'audio' as const, value: bytes.subarray(at, at + PIECE_BYTES) } }
}
