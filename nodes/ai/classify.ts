import { defineNode, NodeFailure } from '#graph/define.ts'
import type { JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { END_OUTPUTS, MODEL_CONFIG, OVER_BUDGET, toResult, valueOf, wholeAnswer } from '../language/completion.ts'
import { textsIn } from '../language/many.ts'

const RESERVED = ['out', 'error', OVER_BUDGET]
const MOST_LABELS = 200

export default defineNode({
  title: 'Classify',
  about:
    'Puts a text under one of several labels. Goes on along the flow output of that label, and along `out` whatever it is.',
  icon: 'tags',
  kind: 'action',
  effect: 'idempotent',
  keyed: true,
  config: {
    type: 'object',
    properties: {
      model: MODEL_CONFIG.model,
      labels: {
        type: 'array',
        title: 'Labels',
        items: { type: 'string', minLength: 1, maxLength: 100 },
        maxItems: MOST_LABELS,
        default: ['positive', 'negative'],
        description: 'One flow output each',
      },
      instructions: {
        type: 'string',
        title: 'Instructions',
        format: 'multiline',
        default: '',
        description: 'What the labels mean, where they do not say so themselves',
      },
      scores: {
        type: 'boolean',
        title: 'Score every label',
        default: false,
        description: 'The model says of each how well it fits, 0 to 1; the best one is the label',
      },
      fallbacks: MODEL_CONFIG.fallbacks,
      budget: MODEL_CONFIG.budget,
    },
  },
  inputs: {
    text: { type: 'string', required: true, about: 'What is put under a label' },
    labels: { type: 'array<string>', about: 'In place of those in the settings' },
  },
  outputs: {
    label: { type: 'string', about: 'The label' },
    index: { type: 'number', about: 'Its position among the labels, from 0' },
    scores: { type: 'object', about: 'How well each label fits, 0 to 1; empty where they are not wanted' },
    ...END_OUTPUTS,
  },
  flow: { in: ['in'], out: ['out', OVER_BUDGET] },
  derive: ({ labels }) => ({ flow: { out: textsIn(labels).filter(one => one !== '' && !RESERVED.includes(one)) } }),
  check: ({ labels }) =>
    labels.flatMap((one, index) => {
      if (RESERVED.includes(one))
        return [{ path: `labels[${index}]`, message: `"${one}" is the name of another output` }]
      return labels.indexOf(one) < index ? [{ path: `labels[${index}]`, message: `"${one}" is there twice` }] : []
    }),
  async run({ text, labels: wired }, context) {
    const { labels: usual, instructions, scores: isScored } = context.config
    const labels = [...new Set(wired ?? usual)]
    if (labels.length < 2 || labels.length > MOST_LABELS)
      throw new NodeFailure('BAD_INPUT', `"labels": expected 2 to ${MOST_LABELS}, got ${labels.length}`, {
        retry: false,
      })
    const answer = await wholeAnswer(
      {
        schema: isScored ? scoresSchema(labels) : labelSchema(labels),
        temperature: 0,
        messages: [
          {
            role: 'system',
            content: [rulesFor(labels, isScored), instructions].filter(one => one !== '').join('\n\n'),
          },
          { role: 'user', content: text },
        ],
      },
      context,
    )
    if (answer.reason === 'budget') return toResult(answer, {})
    const { label, scores } = read(valueOf(answer), labels)
    const pulses = usual.includes(label) ? [label, 'out'] : 'out'
    return toResult(answer, { label, index: labels.indexOf(label), scores }, pulses)
  },
})

function rulesFor(labels: readonly string[], isScored: boolean): string {
  const list = labels.map(label => JSON.stringify(label)).join(', ')
  return isScored
    ? `Say of each of these labels how well it fits the text, from 0 to 1: ${list}. Answer as JSON.`
    : `Classify the text: which one of these labels fits it best? ${list}. Answer as JSON.`
}

const strict = (properties: JsonObject): JsonObject => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})
const labelSchema = (labels: readonly string[]) => strict({ label: { type: 'string', enum: labels } })
const scoresSchema = (labels: readonly string[]) =>
  strict(Object.fromEntries(labels.map(label => [label, { type: 'number', minimum: 0, maximum: 1 }])))

/** The answer fits its schema by now; a provider that promises it and does not hold it is told from one that does. */
function read(value: unknown, labels: readonly string[]): { label: string; scores: JsonObject } {
  const given = isObject(value as JsonObject) ? (value as JsonObject) : {}
  const scored = labels.flatMap(label => {
    const score = Object.hasOwn(given, label) ? given[label] : undefined
    return typeof score === 'number' ? [[label, score] as const] : []
  })
  const [best] = scored.toSorted(([, a], [, b]) => b - a)
  const label = best ? best[0] : labels.find(one => one === given['label'])
  if (label === undefined)
    throw new NodeFailure('BAD_ANSWER', `expected one of ${labels.join(', ')}, got ${JSON.stringify(value)}`)
  return { label, scores: Object.fromEntries(scored) }
}
