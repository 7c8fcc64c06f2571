import type { NodeDocument, Wire } from '#graph/document.ts'
import type { JsonObject } from '#graph/json.ts'
import { dataSockets, titled } from './code.ts'
import type { Making, Piece } from './piece.ts'
import { numberOf, passage, textOf } from './piece.ts'

export function stateRead(making: Making): Piece {
  const { id } = making
  const sockets = dataSockets(making, 'outputs')
  const nodes = Object.fromEntries(
    sockets.map(({ name }, index) => [
      index === 0 ? id : `${id}-${index + 1}`,
      { type: 'state/read', config: { key: name } },
    ]),
  )
  const ids = Object.keys(nodes)
  return {
    nodes: ids.length > 0 ? nodes : { [id]: { type: 'state/read', config: { key: 'unused' } } },
    inputs: {},
    outputs: Object.fromEntries(
      sockets.flatMap(({ name, key }, index) => [name, key].map(socket => [socket, `${ids[index]}.value`])),
    ),
    outcome: 'mapped',
  }
}

/** One node for each key, one after the other. */
export function stateWrite(making: Making): Piece {
  const { id, usedInputs } = making
  const sockets = dataSockets(making, 'inputs').filter(
    ({ name, key }) => usedInputs.includes(name) || usedInputs.includes(key),
  )
  if (sockets.length === 0)
    return {
      nodes: { [id]: passage() },
      inputs: { trigger: `${id}.in` },
      outputs: { trigger: `${id}.out` },
      outcome: 'approximated',
      note: 'it writes nothing',
    }
  const ids = sockets.map((_, index) => (index === 0 ? id : `${id}-${index + 1}`))
  const nodes = Object.fromEntries(
    sockets.map(({ name }, index): [string, NodeDocument] => [
      ids[index] ?? id,
      { type: 'state/write', config: { key: name, mode: 'combine' } },
    ]),
  )
  const last = ids.at(-1) ?? id
  return {
    nodes,
    wires: ids.slice(1).map((one, index): Wire => [`${ids[index]}.out`, `${one}.in`]),
    inputs: {
      trigger: `${id}.in`,
      ...Object.fromEntries(
        sockets.flatMap(({ name, key }, index) => [name, key].map(socket => [socket, `${ids[index]}.value`])),
      ),
    },
    outputs: { trigger: `${last}.out` },
    flow: { in: `${id}.in`, out: `${last}.out` },
    outcome: 'mapped',
  }
}

/** A fewshot is filled like a template and then continued by a model. */
export function generator(making: Making): Piece {
  const { id, node } = making
  const { data } = node
  const fewshot = textOf(data, 'fewshot', 'prompt')
  const prompt = `${id}-prompt`
  const composed = `${id}-composed`
  const { config, note } = completionConfig(making)
  const ins = dataSockets(making, 'inputs').filter(({ name }) => !name.includes(']'))
  return {
    nodes: {
      [id]: { type: 'ai/complete', ...titled(textOf(data, 'name')), config },
      [prompt]: { type: 'text/template', title: 'Fewshot', config: { template: withInputs(fewshot, ins) } },
      [composed]: { type: 'text/template', title: 'Composed', config: { template: '{{prompt}} {{result}}' } },
    },
    wires: [
      [`${prompt}.text`, `${id}.prompt`],
      [`${prompt}.text`, `${composed}.prompt`],
      [`${id}.text`, `${composed}.result`],
    ],
    inputs: {
      trigger: `${id}.in`,
      ...Object.fromEntries(ins.flatMap(({ name, key }) => [name, key].map(socket => [socket, `${prompt}.${name}`]))),
    },
    outputs: { trigger: `${id}.out`, result: `${id}.text`, output: `${id}.text`, composed: `${composed}.text` },
    flow: { in: `${id}.in`, out: `${id}.out` },
    outcome: 'approximated',
    note: ['the model gets the filled fewshot as one message', note].filter(Boolean).join('; '),
  }
}

/** Model, temperature, tokens and stops of a node that asks a model; and what must be said about that. */
export function completionConfig({ node: { data }, model }: Making): {
  readonly config: JsonObject
  readonly note: string
} {
  const chosen = model(data['modelName'] ?? data['model'])
  const [temperature, maxTokens] = [
    numberOf(data, 'temp') ?? numberOf(data, 'temperature'),
    numberOf(data, 'maxTokens') ?? numberOf(data, 'max_tokens'),
  ]
  const stop = textOf(data, 'stop')
    .split(',')
    .map(one => one.trim().replaceAll('\\n', '\n'))
    .filter(Boolean)
    .slice(0, 4)
  return {
    config: {
      model: chosen.model,
      ...(temperature === undefined ? {} : { temperature: Math.min(2, Math.max(0, temperature)) }),
      ...(maxTokens === undefined ? {} : { maxTokens: Math.max(1, Math.round(maxTokens)) }),
      ...(stop.length > 0 ? { stop } : {}),
    },
    note: chosen.note,
  }
}

/** Every input is a variable, also one that the fewshot does not mention: it then adds nothing to the text. */
export function withInputs(fewshot: string, inputs: readonly { readonly name: string }[]): string {
  const mentioned = new Set(Array.from(fewshot.matchAll(/\{\{\{?~?\s*([^\s{}~.]+)\s*~?\}/g), ([, name]) => name))
  const others = [...new Set(inputs.map(({ name }) => name))].filter(name => !mentioned.has(name))
  return [fewshot, ...others.map(name => `{{lookup [${name}] ""}}`)].join('')
}
