import { defineNode, NodeFailure } from '#graph/define.ts'
import type { NodeContext, NodeResult } from '#graph/define.ts'
import { inTurn } from '../language/in-turn.ts'
import { toDataUrl } from '../language/media.ts'
import '../services.ts'

/** What a value of a spell may have, as base64, with room for the other outputs. */
const MOST_BYTES = 6_000_000

export default defineNode({
  title: 'Speak',
  about:
    'Says a text: the sound is played in the editor while the spell runs, and again from its record. Without a voice of its own it has the instance’s default one, at first a built-in demo that babbles in the rhythm of the words. Several texts at once are made at once, and are ready in the order in which they came.',
  icon: 'volume-2',
  kind: 'action',
  effect: 'idempotent',
  keyed: true,
  config: {
    type: 'object',
    properties: {
      voice: { type: 'string', title: 'Voice', format: 'voice', default: '', description: 'Empty: the default voice' },
      format: {
        type: 'string',
        title: 'Format',
        enum: ['', 'mp3', 'wav', 'opus'],
        default: '',
        description: 'Empty: mp3 where the voice has it',
      },
      speed: { type: 'number', title: 'Speed', minimum: 0.25, maximum: 4, default: 1 },
      language: {
        type: 'string',
        title: 'Language',
        maxLength: 35,
        default: '',
        description: 'e.g. de; empty: the voice’s own',
      },
    },
  },
  inputs: {
    text: { type: 'string', required: true, about: 'What is said: 1 to 4,096 characters' },
    voice: { type: 'string', about: 'In place of the voice in the settings' },
    when: { type: 'boolean', default: true, about: 'False: nothing is said, and it goes on along `silent`' },
  },
  outputs: {
    audio: { type: 'audio', about: 'The sound, as a data URL' },
    text: { type: 'string', about: 'What is said' },
    durationMs: { type: 'number', about: 'How long it takes; 0: nobody knows' },
    voice: { type: 'string', about: 'Who says it' },
  },
  flow: { in: ['in'], out: ['out', 'silent'] },
  run(inputs, context) {
    if (!inputs.when) return { pulse: 'silent' }
    const { services, run, node, signal } = context
    return inTurn(services, `${run}:${node}`, signal, synthesize(inputs, context))
  },
})

interface Asked {
  readonly voice: string
  readonly format: string
  readonly speed: number
  readonly language: string
}

async function synthesize(
  { text, voice }: { readonly text: string; readonly voice?: string | undefined },
  { config, services, signal, idempotencyKey }: NodeContext<Asked>,
): Promise<NodeResult> {
  const { format, speed, language } = config
  const request = { text, voice: voice ?? config.voice, format, speed, language }
  const pieces: Uint8Array[] = []
  let [mediaType, speaker, size] = ['', '', 0]
  const options = { signal, metadata: { 'idempotency-key': idempotencyKey } }
  for await (const { part } of services.speech.synthesize(request, options)) {
    if (part?.$case === 'begin') {
      mediaType = part.value.mediaType
      speaker = part.value.voice
    } else if (part?.$case === 'audio') {
      size += part.value.length
      if (size > MOST_BYTES)
        throw new NodeFailure(
          'TOO_LARGE',
          `the sound has more than ${MOST_BYTES / 1_000_000} MB, the most that a value of a spell may have: speak in shorter parts, or as mp3`,
          { retry: false },
        )
      pieces.push(part.value)
    } else if (part?.$case === 'finish') {
      const { durationMs, cost } = part.value
      return {
        outputs: { audio: toDataUrl(mediaType, pieces), text, durationMs, voice: speaker },
        pulse: 'out',
        usage: { model: speaker, ...(cost === undefined ? {} : { cost }) },
      }
    }
  }
  throw new NodeFailure('UNAVAILABLE', 'the voice broke off')
}
