import type { Json } from '#graph/json.ts'
import type { Maker, Making, Piece } from './piece.ts'
import { constant, numberOf, ownSockets, passage, textOf } from './piece.ts'

export const isTrigger = (name: string) => name === 'trigger'

/** Names of data sockets: those a person added, and those that edges stand at. */
export function dataSockets(
  { node, usedInputs, usedOutputs }: Making,
  side: 'inputs' | 'outputs',
): { readonly name: string; readonly key: string }[] {
  const own = ownSockets(node.data, side).filter(one => !one.isTrigger)
  const known = new Set(own.flatMap(one => [one.name, one.key]))
  const used = (side === 'inputs' ? usedInputs : usedOutputs).filter(name => !known.has(name) && !isTrigger(name))
  return [...own, ...used.map(name => ({ name, key: name }))]
}

/** A piece of code: it sees its inputs, and returns its outputs, by the names that a person gave them. */
export function namedCode(making: Making, source: string): Piece {
  const { id, node } = making
  const [ins, outs] = [
    dataSockets(making, 'inputs').map(one => ({ ...one, as: apartFrom(['in'], one.name) })),
    dataSockets(making, 'outputs').map(one => ({ ...one, as: apartFrom(['out', 'error', 'failure'], one.name) })),
  ]
  const names = (list: typeof ins) => [...new Set(list.map(one => one.as))]
  const sockets = (list: typeof ins) =>
    Object.fromEntries(list.flatMap(one => [one.name, one.key].map(key => [key, `${id}.${one.as}`])))
  return {
    nodes: {
      [id]: {
        type: 'code/javascript',
        ...titled(textOf(node.data, 'name')),
        config: { code: withNames(source, ins, outs), inputs: names(ins), outputs: names(outs) },
      },
    },
    inputs: { ...sockets(ins), trigger: `${id}.in` },
    outputs: { ...sockets(outs), trigger: `${id}.out` },
    flow: { in: `${id}.in`, out: `${id}.out` },
    outcome: 'mapped',
  }
}

/** Flow and data sockets have one space of names here: a data socket that is called like a flow socket gets another one. */
function apartFrom(taken: readonly string[], name: string): string {
  return taken.includes(name) ? `${name} (value)` : name
}

interface Named {
  readonly name: string
  readonly as: string
}

/** The code sees the names that it knows. */
function withNames(source: string, ins: readonly Named[], outs: readonly Named[]): string {
  const differ = (list: readonly Named[]) => list.filter(one => one.as !== one.name)
  const [before, after] = [differ(ins), differ(outs)]
  const given = before.map(
    ({ name, as }) =>
      `if (${JSON.stringify(as)} in inputs) inputs[${JSON.stringify(name)}] = inputs[${JSON.stringify(as)}]; delete inputs[${JSON.stringify(as)}]`,
  )
  if (after.length === 0) return [...given, source].join('\n')
  const renamed = after.map(({ name, as }) => `[${JSON.stringify(name)}, ${JSON.stringify(as)}]`).join(', ')
  return [
    ...given,
    `const result = await (async () => {\n${source}\n})()`,
    'if (typeof result !== "object" || result === null) return result',
    `const names = new Map([${renamed}])`,
    'return Object.fromEntries(Object.entries(result).map(([name, value]) => [names.get(name) ?? name, value]))',
  ].join('\n')
}

export function titled(title: string): { title?: string } {
  return title === '' ? {} : { title: title.slice(0, 200) }
}

/** What code may read of its node, without what the old editor kept there. */
function dataText(data: Readonly<Record<string, Json>>): string {
  const kept = Object.entries(data).filter(
    ([name]) =>
      ![
        'code',
        'dataControls',
        'display',
        'inputs',
        'outputs',
        'socketKey',
        'success',
        'error',
        'nodeLocked',
        'playtestToggle',
      ].includes(name),
  )
  return JSON.stringify(Object.fromEntries(kept))
}

export function code(making: Making): Piece {
  const { data } = making.node
  const source = [
    textOf(data, 'code') || 'function worker() { return {} }',
    // As in Thoth, a change of the state counts only when it is returned. In a block: the code may have these names, too.
    '{',
    `const given = await worker(inputs, ${dataText(data)}, JSON.parse(JSON.stringify(state)))`,
    'const { state: changed, ...outputs } = typeof given === "object" && given !== null ? given : {}',
    'if (typeof changed === "object" && changed !== null) Object.assign(state, changed)',
    'return outputs',
    '}',
  ].join('\n')
  return namedCode(making, source)
}

export function stringProcessor(making: Making): Piece {
  const source = textOf(making.node.data, 'code') || 'input => ({ output: input })'
  return {
    ...namedCode(
      making,
      `const processor = (\n${source.trim().replace(/;$/, '')}\n)\nreturn await processor(inputs.input ?? Object.values(inputs)[0])`,
    ),
    outcome: 'approximated',
    note: 'its function gets the first input',
  }
}

export function codeOf(body: string, output: string): Maker {
  return making => {
    const piece = namedCode(making, `const data = ${dataText(making.node.data)}\n${body}`)
    const [id, node] = Object.entries(piece.nodes)[0] ?? ['', undefined]
    if (!node) return piece
    const outputs = Object.fromEntries(
      [...making.usedOutputs.filter(name => !isTrigger(name)), output].map(name => [name, `${id}.${output}`]),
    )
    return {
      ...piece,
      nodes: { [id]: { ...node, title: making.node.component, config: { ...node.config, outputs: [output] } } },
      outputs: { ...outputs, trigger: `${id}.out` },
      outcome: 'approximated',
      note: 'it is a piece of code here',
    }
  }
}

/** Flow passes; the value is whatever its producer gives. */
export function echo({ id, usedInputs, usedOutputs }: Making): Piece {
  const value = `${id}-value`
  const data = (names: readonly string[], end: string) =>
    Object.fromEntries(names.filter(name => !isTrigger(name)).map(name => [name, end]))
  return {
    nodes: { [id]: passage(), [value]: { type: 'data/get' } },
    inputs: { trigger: `${id}.in`, ...data(['string', 'input', ...usedInputs], `${value}.from`) },
    outputs: { trigger: `${id}.out`, ...data(['output', ...usedOutputs], `${value}.value`) },
    outcome: 'mapped',
  }
}

export function joinList({ id, node: { data } }: Making): Piece {
  const separator = typeof data['separator'] === 'string' ? data['separator'] : ' '
  return {
    nodes: { [id]: { type: 'text/join', config: { separator } } },
    inputs: { list: `${id}.list` },
    outputs: { text: `${id}.text`, output: `${id}.text` },
    outcome: 'mapped',
  }
}

export function variable(...names: readonly string[]): Maker {
  return ({ id, node: { data }, usedOutputs }) => {
    const name = names.find(one => data[one] !== undefined)
    const value = name === undefined ? '' : (data[name] ?? '')
    return {
      nodes: { [id]: { ...constant(value), ...titled(textOf(data, 'name')) } },
      inputs: {},
      outputs: Object.fromEntries(
        ['output', ...usedOutputs].filter(name => !isTrigger(name)).map(socket => [socket, `${id}.value`]),
      ),
      outcome: 'mapped',
    }
  }
}

export function numberVariable({ id, node: { data }, usedOutputs }: Making): Piece {
  return {
    nodes: { [id]: constant(numberOf(data, '_var') ?? 0) },
    inputs: {},
    outputs: Object.fromEntries(
      ['output', ...usedOutputs].filter(name => !isTrigger(name)).map(socket => [socket, `${id}.value`]),
    ),
    outcome: 'mapped',
  }
}
