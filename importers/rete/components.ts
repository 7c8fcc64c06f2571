import type { NodeDocument, Wire } from '#graph/document.ts'
import type { Json } from '#graph/json.ts'
import type { Making, Piece } from './piece.ts'
import { constant, numberOf, ownSockets, passage, textOf } from './piece.ts'

type Maker = (making: Making) => Piece

/** Components of Thoth by their name, in small letters. */
export const COMPONENTS: Readonly<Record<string, Maker>> = {
  'module trigger in': triggerIn,
  'trigger in': triggerIn,
  'module trigger out': triggerOut,
  'trigger out': triggerOut,
  'universal input': input,
  input,
  'module input': input,
  'playtest input': input,
  output,
  'module output': output,
  'universal output': output,
  'playtest print': log('text'),
  alert: log('text'),
  log: log('text'),
  'console log': log('text'),
  spell,
  'spell component': spell,
  module: spell,
  code,
  'javascript code': code,
  'string processor': stringProcessor,
  echo,
  'join list': joinList,
  'state read': stateRead,
  'state write': stateWrite,
  generator,
  'text completion': generator,
  'text generator': generator,
  'boolean gate': booleanGate,
  'is null or undefined': isNull,
  'switch gate': switchGate,
  switch: switchGate,
  'for each': forEach,
  foreach: forEach,
  'wait for all': waitForAll,
  'string variable': variable('_var', 'text'),
  'text variable': variable('_var', 'text'),
  'number variable': numberVariable,
  'boolean variable': variable('_var'),
  'fewshot variable': variable('fewshot', '_var'),
  'string replacer': codeOf(
    'return { output: String(inputs.input ?? inputs.string ?? "").split(String(inputs.match ?? data.match ?? "\\0")).join(String(inputs.replace ?? data.replace ?? "")) }',
    'output',
  ),
  'replace text': codeOf(
    'return { output: String(inputs.input ?? inputs.string ?? "").split(String(inputs.match ?? data.match ?? "\\0")).join(String(inputs.replace ?? data.replace ?? "")) }',
    'output',
  ),
  'string combiner': codeOf('return { output: Object.values(inputs).map(String).join("") }', 'output'),
  'string adder': codeOf('return { output: Object.values(inputs).map(String).join("") }', 'output'),
  'combine text': codeOf('return { output: Object.values(inputs).map(String).join("") }', 'output'),
  'coerce to bool': codeOf('return { output: Boolean(Object.values(inputs)[0]) }', 'output'),
  'javascript object': codeOf('return { output: inputs }', 'output'),
  delay,
  sleep: delay,
  merge: codeOf(
    'return { output: Object.assign({}, ...Object.values(inputs).filter(one => typeof one === "object")) }',
    'output',
  ),
  or: logic('or'),
  and: logic('and'),
  not: logic('not'),
}

function triggerIn({ id, node, isFirst }: Making): Piece {
  // The topmost one is where a run of the spell itself begins.
  const name = isFirst ? 'in' : textOf(node.data, 'name') || id
  return {
    nodes: { [id]: { type: 'flow/start', config: { name } } },
    inputs: {},
    outputs: { trigger: `${id}.out` },
    outcome: 'mapped',
  }
}

function triggerOut({ id, node }: Making): Piece {
  return {
    nodes: { [id]: { type: 'flow/exit', config: { name: textOf(node.data, 'name') || id } } },
    inputs: { trigger: `${id}.in` },
    outputs: {},
    outcome: 'mapped',
  }
}

function input({ id, node: { data } }: Making): Piece {
  const name = textOf(data, 'name') || id
  const fallback = data['defaultValue']
  const outputs = { output: `${id}.value`, text: `${id}.value`, input: `${id}.value` }
  if (data['useDefault'] === true) {
    return {
      nodes: { [id]: { ...constant(fallback ?? ''), title: name } },
      inputs: {},
      outputs,
      outcome: 'mapped',
      note: 'it uses its default whatever is passed, so it is a constant here',
    }
  }
  const config = { name, type: 'any', ...(fallback === undefined || fallback === null ? {} : { default: fallback }) }
  return { nodes: { [id]: { type: 'flow/input', config } }, inputs: {}, outputs, outcome: 'mapped' }
}

function output({ id, node }: Making): Piece {
  const name = textOf(node.data, 'name') || id
  return {
    nodes: { [id]: { type: 'flow/output', config: { name } } },
    inputs: { trigger: `${id}.in`, input: `${id}.value`, output: `${id}.value`, text: `${id}.value` },
    outputs: { trigger: `${id}.out` },
    outcome: 'mapped',
  }
}

function log(socket: string): Maker {
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

function spell({ id, node: { data } }: Making): Piece {
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

const isTrigger = (name: string) => name === 'trigger'

/** Names of data sockets: those a person added, and those that edges stand at. */
function dataSockets(
  { node, usedInputs, usedOutputs }: Making,
  side: 'inputs' | 'outputs',
): { readonly name: string; readonly key: string }[] {
  const own = ownSockets(node.data, side).filter(one => !one.isTrigger)
  const known = new Set(own.flatMap(one => [one.name, one.key]))
  const used = (side === 'inputs' ? usedInputs : usedOutputs).filter(name => !known.has(name) && !isTrigger(name))
  return [...own, ...used.map(name => ({ name, key: name }))]
}

function codeNode(making: Making, source: string): Piece {
  const { id, node } = making
  const [ins, outs] = [dataSockets(making, 'inputs'), dataSockets(making, 'outputs')]
  const names = (list: typeof ins) => [...new Set(list.map(one => one.name))]
  const sockets = (list: typeof ins) =>
    Object.fromEntries(list.flatMap(one => [one.name, one.key].map(key => [key, `${id}.${one.name}`])))
  return {
    nodes: {
      [id]: {
        type: 'code/javascript',
        ...titled(textOf(node.data, 'name')),
        config: { code: source, inputs: names(ins), outputs: names(outs) },
      },
    },
    inputs: { ...sockets(ins), trigger: `${id}.in` },
    outputs: { ...sockets(outs), trigger: `${id}.out` },
    flow: { in: `${id}.in`, out: `${id}.out` },
    outcome: 'mapped',
  }
}

function titled(title: string): { title?: string } {
  return title === '' ? {} : { title }
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

function code(making: Making): Piece {
  const { data } = making.node
  const source = [
    textOf(data, 'code') || 'function worker() { return {} }',
    `const { state: changed, ...outputs } = (await worker(inputs, ${dataText(data)}, state)) ?? {}`,
    'if (typeof changed === "object" && changed !== null) Object.assign(state, changed)',
    'return outputs',
  ].join('\n')
  return codeNode(making, source)
}

function stringProcessor(making: Making): Piece {
  const source = textOf(making.node.data, 'code') || 'input => ({ output: input })'
  return {
    ...codeNode(
      making,
      `const processor = (\n${source.trim().replace(/;$/, '')}\n)\nreturn await processor(inputs.input ?? Object.values(inputs)[0])`,
    ),
    outcome: 'approximated',
    note: 'its function gets the first input',
  }
}

function codeOf(body: string, output: string): Maker {
  return making => {
    const piece = codeNode(making, `const data = ${dataText(making.node.data)}\n${body}`)
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
function echo({ id, usedInputs, usedOutputs }: Making): Piece {
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

function joinList({ id, node: { data } }: Making): Piece {
  const separator = typeof data['separator'] === 'string' ? data['separator'] : ' '
  return {
    nodes: { [id]: { type: 'text/join', config: { separator } } },
    inputs: { list: `${id}.list` },
    outputs: { text: `${id}.text`, output: `${id}.text` },
    outcome: 'mapped',
  }
}

function stateRead(making: Making): Piece {
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
function stateWrite(making: Making): Piece {
  const { id } = making
  const sockets = dataSockets(making, 'inputs')
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
function generator(making: Making): Piece {
  const { id, node, model } = making
  const { data } = node
  const prompt = `${id}-prompt`
  const composed = `${id}-composed`
  const named = data['modelName'] ?? data['model']
  const chosen = model(named)
  const [temperature, maxTokens] = [
    numberOf(data, 'temp') ?? numberOf(data, 'temperature'),
    numberOf(data, 'maxTokens'),
  ]
  const stop = textOf(data, 'stop')
    .split(',')
    .map(one => one.trim().replaceAll('\\n', '\n'))
    .filter(Boolean)
    .slice(0, 4)
  const config = {
    model: chosen.model,
    ...(temperature === undefined ? {} : { temperature: Math.min(2, Math.max(0, temperature)) }),
    ...(maxTokens === undefined ? {} : { maxTokens: Math.max(1, Math.round(maxTokens)) }),
    ...(stop.length > 0 ? { stop } : {}),
  }
  const ins = dataSockets(making, 'inputs')
  return {
    nodes: {
      [id]: { type: 'ai/complete', ...titled(textOf(data, 'name')), config },
      [prompt]: { type: 'text/template', title: 'Fewshot', config: { template: textOf(data, 'fewshot', 'prompt') } },
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
    note: ['the model gets the filled fewshot as one message', chosen.note].filter(Boolean).join('; '),
  }
}

function booleanGate({ id }: Making): Piece {
  return {
    nodes: { [id]: { type: 'flow/branch' } },
    inputs: { trigger: `${id}.in`, boolean: `${id}.condition`, input: `${id}.condition` },
    outputs: { true: `${id}.yes`, false: `${id}.no` },
    flow: { in: `${id}.in`, out: `${id}.yes` },
    outcome: 'mapped',
  }
}

function isNull({ id, usedInputs }: Making): Piece {
  const test = `${id}-test`
  return {
    nodes: { [id]: { type: 'flow/branch' }, [test]: { type: 'logic/compare', config: { operator: 'is null' } } },
    wires: [[`${test}.result`, `${id}.condition`]],
    inputs: {
      trigger: `${id}.in`,
      ...Object.fromEntries(
        ['string', 'input', ...usedInputs].filter(name => !isTrigger(name)).map(name => [name, `${test}.a`]),
      ),
    },
    outputs: { true: `${id}.yes`, false: `${id}.no`, isTrue: `${id}.yes`, isFalse: `${id}.no` },
    flow: { in: `${id}.in`, out: `${id}.yes` },
    outcome: 'mapped',
  }
}

function switchGate({ id, node, usedInputs, usedOutputs }: Making): Piece {
  const own = ownSockets(node.data, 'outputs')
  const cases = [...new Set([...own.map(one => one.name), ...usedOutputs])].filter(
    name => !['default', 'trigger', 'error'].includes(name),
  )
  return {
    nodes: { [id]: { type: 'flow/switch', config: { cases } } },
    inputs: {
      trigger: `${id}.in`,
      ...Object.fromEntries(
        ['input', 'string', ...usedInputs].filter(name => !isTrigger(name)).map(name => [name, `${id}.value`]),
      ),
    },
    outputs: {
      default: `${id}.default`,
      ...Object.fromEntries(cases.map(name => [name, `${id}.${name}`])),
      ...Object.fromEntries(own.map(one => [one.key, `${id}.${one.name}`])),
    },
    flow: { in: `${id}.in`, out: `${id}.default` },
    outcome: 'mapped',
  }
}

function forEach({ id, usedInputs }: Making): Piece {
  return {
    nodes: { [id]: { type: 'flow/for-each' } },
    inputs: {
      act1: `${id}.in`,
      trigger: `${id}.in`,
      list: `${id}.list`,
      input: `${id}.list`,
      ...Object.fromEntries(usedInputs.filter(name => /list|array/i.test(name)).map(name => [name, `${id}.list`])),
    },
    outputs: {
      act1: `${id}.each`,
      loop: `${id}.each`,
      each: `${id}.each`,
      trigger: `${id}.each`,
      element: `${id}.item`,
      output: `${id}.item`,
      done: `${id}.done`,
      act2: `${id}.done`,
    },
    flow: { in: `${id}.in`, out: `${id}.done` },
    outcome: 'mapped',
  }
}

function waitForAll({ id, usedInputs }: Making): Piece {
  return {
    nodes: { [id]: { type: 'flow/join', config: { mode: 'all' } } },
    inputs: Object.fromEntries(['trigger', ...usedInputs].map(name => [name, `${id}.in`])),
    outputs: { trigger: `${id}.out` },
    outcome: 'mapped',
  }
}

function variable(...names: readonly string[]): Maker {
  return ({ id, node: { data }, usedOutputs }) => {
    const name = names.find(one => data[one] !== undefined)
    const value = name === undefined ? '' : (data[name] ?? '')
    return {
      nodes: { [id]: { ...constant(value), ...titled(textOf(data, 'name')) } },
      inputs: {},
      outputs: Object.fromEntries(['output', ...usedOutputs].map(socket => [socket, `${id}.value`])),
      outcome: 'mapped',
    }
  }
}

function numberVariable({ id, node: { data }, usedOutputs }: Making): Piece {
  return {
    nodes: { [id]: constant(numberOf(data, '_var') ?? 0) },
    inputs: {},
    outputs: Object.fromEntries(['output', ...usedOutputs].map(socket => [socket, `${id}.value`])),
    outcome: 'mapped',
  }
}

function delay({ id, node: { data } }: Making): Piece {
  const ms = Math.min(86_400_000, Math.max(0, Math.round(numberOf(data, 'interval') ?? numberOf(data, 'ms') ?? 1000)))
  return {
    nodes: { [id]: { type: 'flow/delay', config: { ms } } },
    inputs: { trigger: `${id}.in` },
    outputs: { trigger: `${id}.out` },
    flow: { in: `${id}.in`, out: `${id}.out` },
    outcome: 'mapped',
  }
}

function logic(operator: 'and' | 'or' | 'not'): Maker {
  return ({ id, usedInputs, usedOutputs }) => {
    const ins = usedInputs.filter(name => !isTrigger(name)).slice(0, 26)
    const letters = ins.map((name, index) => [
      name,
      operator === 'not' ? `${id}.value` : `${id}.${String.fromCharCode(97 + index)}`,
    ])
    return {
      nodes: {
        [id]: {
          type: `logic/${operator}`,
          ...(operator === 'not' ? {} : { config: { count: Math.max(1, ins.length) } }),
        },
        [`${id}-flow`]: passage(),
      },
      inputs: { ...Object.fromEntries(letters), trigger: `${id}-flow.in` },
      outputs: {
        ...Object.fromEntries(usedOutputs.filter(name => !isTrigger(name)).map(name => [name, `${id}.result`])),
        trigger: `${id}-flow.out`,
      },
      outcome: 'mapped',
    }
  }
}
