// What models of Hugging Face do, as sockets: what a task takes over wires, and what it gives to them.
import { NodeFailure } from '#graph/define.ts'
import type { Sockets } from '#graph/define.ts'
import type { Json, JsonObject, Values } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { fromDataUrl } from './media.ts'
import type { Media } from './media.ts'

/** What a model said. */
export interface TaskAnswer {
  readonly text: string
  /** JSON of tasks that give data; beside a text: what came with it. */
  readonly result: Json | undefined
  /** A data URL. */
  readonly media: string
}
export interface TaskSockets {
  readonly inputs: Sockets
  readonly outputs: Sockets
  /** What is asked. Throws {@link NodeFailure} `BAD_INPUT`. */
  toAsk(values: Readonly<Record<string, Json | undefined>>): {
    readonly inputs?: Json
    readonly parameters?: JsonObject
    readonly media?: Media
  }
  toOutputs(answer: TaskAnswer): Values
}

const TEXT = { text: { type: 'string', required: true, about: 'What it is about' } } as const satisfies Sockets
const SAYS = { text: { type: 'string', about: 'What the model says' } } as const satisfies Sockets
const IMAGE = { image: { type: 'image', required: true, about: 'A picture, as a data URL' } } as const satisfies Sockets
const AUDIO = { audio: { type: 'audio', required: true, about: 'A sound, as a data URL' } } as const satisfies Sockets
const LABELS = {
  label: { type: 'string', about: 'What fits best' },
  score: { type: 'number', about: 'How well, 0 to 1' },
  labels: { type: 'array<object>', about: 'All: `{label, score}` each' },
} as const satisfies Sockets

const ofText: TaskSockets['toAsk'] = ({ text }) => ({ inputs: text ?? null })
const ofImage: TaskSockets['toAsk'] = ({ image }) => ({ media: fromDataUrl(image, 'image', 'image') })
const ofAudio: TaskSockets['toAsk'] = ({ audio }) => ({ media: fromDataUrl(audio, 'audio', 'audio') })
const said: TaskSockets['toOutputs'] = ({ text }) => ({ text })
const listed = (result: Json | undefined): readonly Json[] => (Array.isArray(result) ? (result as readonly Json[]) : [])

/** The best one and all of them, best first. */
const labelled: TaskSockets['toOutputs'] = ({ result }) => {
  const labels = listed(result)
    .filter(isObject)
    .toSorted((a, b) => Number(b['score']) - Number(a['score']))
  return { label: labels[0]?.['label'] ?? '', score: labels[0]?.['score'] ?? 0, labels }
}

const CHAT: TaskSockets = {
  inputs: {
    prompt: { type: 'string', required: true, about: 'What is said' },
    system: { type: 'string', about: 'Instructions' },
    messages: { type: 'array', about: 'What was said before: `{role, content}` each' },
  },
  outputs: { ...SAYS, reasoning: { type: 'string', about: 'What the model thought before it spoke' } },
  toAsk: ({ prompt, system, messages }) => ({
    inputs: {
      messages: [
        ...(typeof system === 'string' && system !== '' ? [{ role: 'system', content: system }] : []),
        ...listed(messages),
        { role: 'user', content: prompt ?? '' },
      ],
    },
  }),
  toOutputs: said,
}

/** Every task of the service, by name. */
export const HUGGINGFACE_TASKS = {
  'chat-completion': CHAT,
  'text-generation': { inputs: TEXT, outputs: SAYS, toAsk: ofText, toOutputs: said },
  summarization: { inputs: TEXT, outputs: SAYS, toAsk: ofText, toOutputs: said },
  translation: { inputs: TEXT, outputs: SAYS, toAsk: ofText, toOutputs: said },
  'text-classification': { inputs: TEXT, outputs: LABELS, toAsk: ofText, toOutputs: labelled },
  'zero-shot-classification': {
    inputs: { ...TEXT, candidates: { type: 'array<string>', required: true, about: 'The labels to choose among' } },
    outputs: LABELS,
    toAsk: ({ text, candidates }) => ({ inputs: text ?? null, parameters: { candidate_labels: listed(candidates) } }),
    toOutputs: labelled,
  },
  'token-classification': {
    inputs: TEXT,
    outputs: { entities: { type: 'array<object>', about: '`{entity_group, word, score, start, end}` each' } },
    toAsk: ofText,
    toOutputs: ({ result }) => ({ entities: listed(result) }),
  },
  'question-answering': {
    inputs: {
      question: { type: 'string', required: true, about: 'What is asked' },
      context: { type: 'string', required: true, about: 'The text that holds the answer' },
    },
    outputs: {
      answer: { type: 'string', about: 'The words of the text that answer' },
      score: { type: 'number', about: 'How sure it is, 0 to 1' },
      start: { type: 'number', about: 'Where they begin in the text' },
      end: { type: 'number', about: 'Where they end' },
    },
    toAsk: ({ question, context }) => ({ inputs: { question: question ?? '', context: context ?? '' } }),
    toOutputs: ({ result }) => (isObject(result) ? { ...result } : {}),
  },
  'fill-mask': {
    inputs: { text: { type: 'string', required: true, about: 'A text with a mask, e.g. `<mask>`' } },
    outputs: {
      text: { type: 'string', about: 'The text with the likeliest word' },
      word: { type: 'string', about: 'That word' },
      words: { type: 'array<object>', about: 'All: `{sequence, token_str, score}` each' },
    },
    toAsk: ofText,
    toOutputs({ result }) {
      const words = listed(result).flat()
      const [best] = words.filter(isObject)
      return { text: best?.['sequence'] ?? '', word: best?.['token_str'] ?? '', words }
    },
  },
  'feature-extraction': {
    inputs: { text: { type: 'any', required: true, about: 'A text, or a list of texts' } },
    outputs: {
      embedding: { type: 'embedding', about: 'The vector of the text, or of the first' },
      embeddings: { type: 'array', about: 'A vector each, in the order of the texts' },
    },
    toAsk: ofText,
    toOutputs({ result }) {
      const embeddings = typeof listed(result)[0] === 'number' ? [listed(result)] : listed(result)
      return { embedding: embeddings[0] ?? [], embeddings }
    },
  },
  'sentence-similarity': {
    inputs: { ...TEXT, sentences: { type: 'array<string>', required: true, about: 'What it is compared with' } },
    outputs: { scores: { type: 'array<number>', about: 'How alike each is, in their order' } },
    toAsk: ({ text, sentences }) => ({ inputs: { source_sentence: text ?? '', sentences: sentences ?? [] } }),
    toOutputs: ({ result }) => ({ scores: listed(result) }),
  },
  'text-to-image': {
    inputs: { text: { type: 'string', required: true, about: 'What the picture shows' } },
    outputs: { image: { type: 'image', about: 'The picture, as a data URL' } },
    toAsk: ofText,
    toOutputs: ({ media }) => ({ image: media }),
  },
  'image-classification': { inputs: IMAGE, outputs: LABELS, toAsk: ofImage, toOutputs: labelled },
  'object-detection': {
    inputs: IMAGE,
    outputs: { objects: { type: 'array<object>', about: '`{label, score, box: {xmin, ymin, xmax, ymax}}` each' } },
    toAsk: ofImage,
    toOutputs: ({ result }) => ({ objects: listed(result) }),
  },
  'image-to-text': { inputs: IMAGE, outputs: SAYS, toAsk: ofImage, toOutputs: said },
  'audio-classification': { inputs: AUDIO, outputs: LABELS, toAsk: ofAudio, toOutputs: labelled },
  'automatic-speech-recognition': {
    inputs: AUDIO,
    outputs: {
      text: { type: 'string', about: 'What is said' },
      chunks: {
        type: 'array<object>',
        about: 'With `return_timestamps`: `{text, timestamp: [from, to]}` each, seconds',
      },
    },
    toAsk: ofAudio,
    toOutputs: ({ text, result }) => ({ text, chunks: isObject(result) ? listed(result['chunks']) : [] }),
  },
  'text-to-speech': {
    inputs: { text: { type: 'string', required: true, about: 'What is said' } },
    outputs: { audio: { type: 'audio', about: 'The sound, as a data URL' } },
    toAsk: ofText,
    toOutputs: ({ media }) => ({ audio: media }),
  },
} as const satisfies Readonly<Record<string, TaskSockets>>

/** A task’s sockets; of a name that nobody knows: none. Takes anything. */
export function socketsOfTask(name: unknown): TaskSockets | undefined {
  return typeof name === 'string' && Object.hasOwn(HUGGINGFACE_TASKS, name)
    ? HUGGINGFACE_TASKS[name as keyof typeof HUGGINGFACE_TASKS]
    : undefined
}

/** The same, of a config that was checked. */
export function taskOf(name: string): TaskSockets {
  const found = socketsOfTask(name)
  if (!found) throw new NodeFailure('BAD_CONFIG', `"${name}" is no task`, { retry: false })
  return found
}
