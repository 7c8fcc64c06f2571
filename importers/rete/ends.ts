import type { JsonObject } from '#graph/json.ts'
import type { Maker, Making, Piece } from './piece.ts'
import { constant, ownSockets, passage, textOf } from './piece.ts'

export function triggerIn({ id, node, isFirst }: Making): Piece {
  // The topmost one is where a run of the spell itself begins.
  const name = isFirst ? 'in' : textOf(node.data, 'name') || id
  return {
    nodes: { [id]: { type: 'flow/start', config: { name } } },
    inputs: {},
    outputs: { trigger: `${id}.out` },
    outcome: 'mapped',
  }
}

export function triggerOut({ id, node }: Making): Piece {
  return {
    nodes: { [id]: { type: 'flow/exit', config: { name: textOf(node.data, 'name') || id } } },
    inputs: { trigger: `${id}.in` },
    outputs: {},
    outcome: 'mapped',
  }
}

/** Inputs of Magick also tell that they were given something: a run begins at the default one. */
export function input(making: Making): Piece {
  const piece = valueInput(making)
  const { id, node, usedOutputs, isFirst } = making
  if (!usedOutputs.includes('trigger')) return piece
  const start = `${id}-trigger`
  const name = isFirst ? 'in' : textOf(node.data, 'name') || id
  return {
    ...piece,
    nodes: { ...piece.nodes, [start]: { type: 'flow/start', config: { name } } },
    outputs: { ...piece.outputs, trigger: `${start}.out` },
  }
}

function valueInput({ id, node: { data }, usedOutputs, isFirst }: Making): Piece {
  const name = textOf(data, 'name') || id
  const fallback = data['defaultValue']
  const outputs = { output: `${id}.value`, text: `${id}.value`, input: `${id}.value`, task: `${id}.value` }
  if (data['useDefault'] === true) {
    // Still an input by name: it may be passed, and counts for nothing.
    const passed = { type: 'flow/input', config: { name, type: 'any', default: fallback ?? '' } }
    return {
      nodes: { [id]: { ...constant(fallback ?? ''), title: name.slice(0, 200) }, [`${id}-passed`]: passed },
      inputs: {},
      outputs,
      outcome: 'mapped',
      note: 'it uses its default whatever is passed, so it is a constant here',
    }
  }
  // A run begins at one of the inputs with a trigger: the others are given nothing.
  const isOther = usedOutputs.includes('trigger') && !isFirst
  const config: JsonObject = {
    name,
    type: 'any',
    ...(fallback !== undefined && fallback !== null ? { default: fallback } : {}),
    ...(isOther ? { required: false } : {}),
  }
  return { nodes: { [id]: { type: 'flow/input', config } }, inputs: {}, outputs, outcome: 'mapped' }
}

/** In Magick its value can be read again after it. */
export function output(making: Making): Piece {
  const { id, usedOutputs } = making
  const piece = plainOutput(making)
  if (!usedOutputs.includes('output') || !Object.hasOwn(piece.inputs, 'input')) return piece
  const value = `${id}-value`
  const from = `${value}.from`
  return {
    ...piece,
    nodes: { ...piece.nodes, [value]: { type: 'data/get' } },
    wires: [[`${value}.value`, `${id}.value`]],
    inputs: { ...piece.inputs, input: from, output: from, text: from },
    outputs: { ...piece.outputs, output: `${value}.value` },
  }
}

function plainOutput({ id, node, usedInputs }: Making): Piece {
  const name = textOf(node.data, 'name') || id
  if (!usedInputs.some(socket => ['input', 'output', 'text'].includes(socket)))
    return {
      nodes: { [id]: passage() },
      inputs: { trigger: `${id}.in` },
      outputs: { trigger: `${id}.out` },
      outcome: 'approximated',
      note: 'no value is wired to it, so it gives none',
    }
  return {
    nodes: { [id]: { type: 'flow/output', config: { name } } },
    inputs: { trigger: `${id}.in`, input: `${id}.value`, output: `${id}.value`, text: `${id}.value` },
    outputs: { trigger: `${id}.out` },
    outcome: 'mapped',
  }
}

export function log(socket: string): Maker {
  return ({ id, usedInputs }) => ({
    nodes: { [id]: { type: 'debug/log' } },
    inputs: {
      trigger: `${id}.in`,
      ...Object.fromEntries(
        [socket, ...usedInputs].filter(name => name !== 'trigger').map(name => [name, `${id}.value`]),
      ),
    },
    outputs: { trigger: `${id}.out` },
    flow: { in: `${id}.in`, out: `${id}.out` },
    outcome: 'mapped',
  })
}

export function spell({ id, node: { data } }: Making): Piece {
  const [ins, outs] = [ownSockets(data, 'inputs'), ownSockets(data, 'outputs')]
  const starts = ins.filter(one => one.isTrigger)
  const exits = outs.filter(one => one.isTrigger)
  const main = starts.find(one => one.name === 'default') ?? starts[0]
  const startName = (one: (typeof starts)[number]) => (one === main ? 'in' : one.name)
  const config = {
    spell: textOf(data, 'spell', 'spellId', 'name'),
    inputs: ins.filter(one => !one.isTrigger).map(one => one.name),
    outputs: outs.filter(one => !one.isTrigger).map(one => one.name),
    starts: starts.filter(one => one !== main).map(one => one.name),
    exits: exits.map(one => one.name),
  }
  return {
    nodes: { [id]: { type: 'flow/sub-spell', config } },
    inputs: {
      trigger: `${id}.in`,
      ...Object.fromEntries(
        ins.flatMap(one => [one.name, one.key].map(key => [key, `${id}.${one.isTrigger ? startName(one) : one.name}`])),
      ),
    },
    outputs: {
      trigger: `${id}.out`,
      ...Object.fromEntries(outs.flatMap(one => [one.name, one.key].map(key => [key, `${id}.${one.name}`]))),
    },
    flow: { in: `${id}.in`, out: `${id}.${exits[0]?.name ?? 'out'}` },
    outcome: 'mapped',
    note: `it calls the spell named "${config.spell}": import that one too`,
  }
}
