import type { NodeDocument } from '#graph/document.ts'
import type { JsonObject } from '#graph/json.ts'
import type { InPort, Making, Piece } from './piece.ts'
import { noted, numbered, numberOf, textOf, titled, unescaped } from './piece.ts'
import { letter } from './text.ts'

const SETTABLE = [
  'Model',
  'Temperature',
  'TopP',
  'UseTopP',
  'MaxTokens',
  'Stop',
  'PresencePenalty',
  'FrequencyPenalty',
  'User',
  'Endpoint',
  'Headers',
  'NumberOfChoices',
  'Seed',
  'ToolChoice',
  'ResponseFormat',
  'AdditionalParameters',
  'ReasoningEffort',
]

export function chat(making: Making): Piece {
  const { id, node, usedInputs, usedOutputs } = making
  const { data } = node
  const { config, note } = configOf(making)
  const said = usedInputs.includes('systemPrompt')
  const nodes: Record<string, NodeDocument> = { [id]: { type: 'ai/complete', ...titled(node), config } }
  const known = ['prompt', 'systemPrompt', 'response', 'in-messages', 'all-messages']
  return {
    nodes,
    inputs: {
      prompt: { end: `${id}.prompt`, wants: 'prompt', before: `${id}.messages` },
      ...(said ? { systemPrompt: { end: `${id}.system`, wants: 'text' } } : {}),
    },
    outputs: { response: { end: `${id}.text` } },
    flow: { in: `${id}.in`, out: `${id}.out` },
    ...noted(
      note,
      data['enableFunctionUse'] === true && 'tools and functions are left out',
      (numberOf(data, 'numberOfChoices') ?? 1) > 1 && 'it gives one answer',
      SETTABLE.some(name => data[`use${name}Input`] === true) &&
        'settings that came in by wires are those of the node here',
      [...usedInputs, ...usedOutputs].some(port => !known.includes(port) || port.endsWith('-messages')) &&
        'it has only `prompt`, `systemPrompt` and `response`',
    ),
  }
}

function configOf({ node: { data }, model }: Making): { config: JsonObject; note: string } {
  const chosen = model(textOf(data, 'overrideModel') || textOf(data, 'model'))
  const [temperature, maxTokens] = [numberOf(data, 'temperature'), numberOf(data, 'maxTokens')]
  const stop = data['useStop'] === true ? unescaped(textOf(data, 'stop')) : ''
  const seed = numberOf(data, 'seed')
  return {
    config: {
      model: chosen.model,
      ...(temperature === undefined || data['useTopP'] === true
        ? {}
        : { temperature: Math.min(2, Math.max(0, temperature)) }),
      ...(maxTokens === undefined ? {} : { maxTokens: Math.max(1, Math.round(maxTokens)) }),
      ...(stop === '' ? {} : { stop: [stop] }),
      ...(seed === undefined || seed < 0 || seed > 4_294_967_295 ? {} : { seed: Math.round(seed) }),
    },
    note: [chosen.note, data['useTopP'] === true && 'top-p is left out'].filter(Boolean).join('; '),
  }
}

/** Puts messages and lists of them one after the other. */
export function assemblePrompt({ id, node, usedInputs }: Making): Piece {
  // Rivet takes them in the order of their names as texts: message10 stands before message2.
  const ports = numbered(usedInputs, 'message')
    .filter(port => usedInputs.includes(port))
    .toSorted()
    .slice(0, 26)
  return {
    nodes: { [id]: { type: 'data/concat', ...titled(node), config: { count: Math.max(1, ports.length) } } },
    inputs: Object.fromEntries(
      ports.map((port, index): [string, InPort] => [port, { end: `${id}.${letter(index)}`, wants: 'messages' }]),
    ),
    outputs: { prompt: { end: `${id}.list`, kind: 'messages' } },
    ...noted(usedInputs.length > ports.length && 'more than its 26 messages are left out'),
  }
}

export function assembleMessage({ id, node, usedInputs }: Making): Piece {
  const ports = numbered(usedInputs, 'part')
    .filter(port => usedInputs.includes(port))
    .toSorted()
    .slice(0, 26)
  const kind = textOf(node.data, 'type', 'user')
  return {
    nodes: {
      [id]: { type: 'text/join', ...titled(node), config: { separator: '\n\n' } },
      [`${id}-parts`]: { type: 'data/list', config: { count: Math.max(1, ports.length) } },
    },
    wires: [[`${id}-parts.list`, `${id}.list`]],
    inputs: Object.fromEntries(
      ports.map((port, index): [string, InPort] => [port, { end: `${id}-parts.${letter(index)}`, wants: 'text' }]),
    ),
    outputs: { message: { end: `${id}.text`, role: ['system', 'assistant'].includes(kind) ? kind : 'user' } },
    ...noted('its parts are texts here, one after the other; images and files are left out'),
  }
}

export function trimChatMessages({ id, node }: Making): Piece {
  return {
    nodes: { [id]: { type: 'data/concat', ...titled(node), config: { count: 1 } } },
    inputs: { input: { end: `${id}.a`, wants: 'messages' } },
    outputs: { trimmed: { end: `${id}.list`, kind: 'messages' } },
    ...noted('it passes all messages on: tokens are not counted'),
  }
}
