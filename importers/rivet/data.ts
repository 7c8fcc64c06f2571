import type { NodeDocument } from '#graph/document.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import type { InPort, Making, OutPort, Piece } from './piece.ts'
import { constant, noted, numbered, numberOf, textOf, titled } from './piece.ts'
import { codePiece } from './code.ts'
import { letter } from './text.ts'

export function object(making: Making): Piece {
  const template = textOf(making.node.data, 'jsonTemplate')
  const names = [...new Set(Array.from(template.matchAll(/\{\{([^}]+)\}\}/g), ([, name = '']) => name))]
  return codePiece(making, {
    ins: names,
    outs: [{ name: 'output', kind: 'mixed' }, { name: 'kind' }],
    body: [
      `const template = ${JSON.stringify(template)}`,
      'const filled = template.replace(/("?)\\{\\{([^}]+)\\}\\}("?)/g, (_, quote, name) => {',
      '  const value = v[name]',
      "  if (value === undefined || value === null) return 'null'",
      "  return quote !== '' && typeof value !== 'string' ? JSON.stringify(JSON.stringify(value)) : JSON.stringify(value)",
      '})',
      'const output = JSON.parse(filled)',
      "return { output, kind: Array.isArray(output) ? 'list' : typeof output }",
    ].join('\n'),
  })
}

export function array(making: Making): Piece {
  const { id, node, usedInputs, usedOutputs, kinds } = making
  const ports = numbered(usedInputs, 'input').filter(port => usedInputs.includes(port))
  const { flatten, flattenDeep } = node.data
  const isPlain = flatten !== true || ports.every(port => kinds.get(port) === 'message')
  if (isPlain && ports.length > 0 && ports.length <= 26 && !usedOutputs.includes('indices'))
    return {
      nodes: { [id]: { type: 'data/list', ...titled(node), config: { count: ports.length } } },
      inputs: Object.fromEntries(
        ports.map((port, index): [string, InPort] => [port, { end: `${id}.${letter(index)}` }]),
      ),
      outputs: { output: { end: `${id}.list`, kind: 'list' }, length: { end: `${id}.count` } },
      outcome: 'mapped',
    }
  const flat = flattenDeep === true ? 'one.flat(Infinity)' : 'one'
  return codePiece(making, {
    ins: ports,
    outs: [{ name: 'output', kind: 'list' }, { name: 'indices', kind: 'list' }, { name: 'length' }],
    body: [
      `const given = ${JSON.stringify(ports)}.map(port => v[port] ?? null)`,
      `const output = ${flatten !== true ? 'given' : `given.flatMap(one => Array.isArray(one) ? ${flat} : [one])`}`,
      'return { output, indices: output.map((_, index) => index), length: output.length }',
    ].join('\n'),
  })
}

export function pop(making: Making): Piece {
  const isFront = making.node.data['fromFront'] === true
  return codePiece(making, {
    ins: ['array'],
    outs: [
      { name: 'lastItem', kind: 'mixed' },
      { name: 'restOfArray', kind: 'list' },
    ],
    body: [
      "if (!Array.isArray(v.array) || v.array.length === 0) throw new Error('the list is empty, or none')",
      isFront
        ? 'return { lastItem: v.array[0], restOfArray: v.array.slice(1) }'
        : 'return { lastItem: v.array.at(-1), restOfArray: v.array.slice(0, -1) }',
    ].join('\n'),
  })
}

export function slice(making: Making): Piece {
  const { id, node, usedInputs } = making
  const [start, count] = [numberOf(node.data, 'start') ?? 0, numberOf(node.data, 'count')]
  const given = ['start', 'count'].filter(
    port => node.data[`use${port === 'start' ? 'Start' : 'Count'}Input`] === true && usedInputs.includes(port),
  )
  if (
    given.length === 0 &&
    Number.isInteger(start) &&
    start >= 0 &&
    (count === undefined || (Number.isInteger(count) && count >= 0))
  )
    return {
      nodes: {
        [id]: {
          type: 'data/slice',
          ...titled(node),
          config: { from: start, ...(count === undefined ? {} : { to: start + count }) },
        },
      },
      inputs: { input: { end: `${id}.list` } },
      outputs: { output: { end: `${id}.list`, kind: 'list' } },
      outcome: 'mapped',
    }
  return codePiece(making, {
    ins: ['input', ...given],
    outs: [{ name: 'output', kind: 'list' }],
    body: [
      'const list = Array.isArray(v.input) ? v.input : [v.input]',
      `const start = Number(v.start ?? ${start})`,
      `return { output: list.slice(start, start + Number(v.count ?? ${count ?? 'list.length'})) }`,
    ].join('\n'),
  })
}

export function filter(making: Making): Piece {
  return codePiece(making, {
    ins: ['array', 'include'],
    outs: [{ name: 'filtered', kind: 'list' }],
    body: [
      'const [list, include] = [v.array, v.include].map(one => Array.isArray(one) ? one : [one])',
      "return { filtered: list.filter((_, index) => include[index] && include[index] !== 'false') }",
    ].join('\n'),
  })
}

/** What a global holds before it is set. */
export function emptyOf(dataType: string): Json {
  if (dataType.endsWith('[]')) return []
  const empty: Readonly<Record<string, Json>> = { string: '', number: 0, boolean: false, object: {} }
  return empty[dataType] ?? null
}

export function setGlobal({ id, node, usedOutputs }: Making): Piece {
  const key = textOf(node.data, 'id') || 'variable-name'
  const name = `${id}-name`
  return {
    nodes: {
      [id]: { type: 'state/write', ...titled(node), config: { key } },
      ...(usedOutputs.includes('variable_id_out') ? { [name]: constant(key) } : {}),
    },
    inputs: { value: { end: `${id}.value` } },
    outputs: { 'saved-value': { end: `${id}.value` }, variable_id_out: { end: `${name}.value` } },
    flow: { in: `${id}.in`, out: `${id}.out` },
    state: { [key]: { scope: 'run' } },
    ...noted(
      node.data['useIdInput'] === true && `it always writes "${key}"`,
      usedOutputs.includes('previous-value') && 'what was there before is not told',
    ),
  }
}

export function getGlobal({ id, node, usedOutputs }: Making): Piece {
  const key = textOf(node.data, 'id') || 'variable-name'
  const name = `${id}-name`
  return {
    nodes: {
      [id]: {
        type: 'state/read',
        ...titled(node),
        config: { key },
        values: { otherwise: emptyOf(textOf(node.data, 'dataType')) },
      },
      ...(usedOutputs.includes('variable_id_out') ? { [name]: constant(key) } : {}),
    },
    inputs: {},
    outputs: {
      value: { end: `${id}.value`, ...kindOf(textOf(node.data, 'dataType')) },
      variable_id_out: { end: `${name}.value` },
    },
    state: { [key]: { scope: 'run' } },
    ...noted(
      node.data['useIdInput'] === true && `it always reads "${key}"`,
      node.data['wait'] === true && 'it does not wait until it is set',
      node.data['onDemand'] !== true && 'it is read when somebody asks, not at the start',
    ),
  }
}

/** The kind that a data type of Rivet stands for. */
export function kindOf(dataType: string): Pick<OutPort, 'kind'> {
  if (dataType === 'chat-message') return { kind: 'message' }
  if (dataType === 'chat-message[]') return { kind: 'messages' }
  if (dataType === 'any') return { kind: 'mixed' }
  return dataType.endsWith('[]') ? { kind: 'list' } : {}
}

export function randomNumber({ id, node: { data, ...node } }: Making): Piece {
  const [min, max] = [numberOf(data, 'min') ?? 0, numberOf(data, 'max') ?? 1]
  const whole = data['integers'] === true
  const most = whole && data['maxInclusive'] !== true ? max - 1 : max
  return {
    nodes: {
      [id]: {
        type: 'random/number',
        ...titled({ ...node, data }),
        config: { least: Math.min(min, most), most: Math.max(min, most), whole },
      },
    },
    inputs: {},
    outputs: { value: { end: `${id}.value` } },
    flow: { in: `${id}.in`, out: `${id}.out` },
    ...noted(
      (data['useMinInput'] === true || data['useMaxInput'] === true) &&
        'its limits are those of its settings, whatever comes in',
    ),
  }
}

export function shuffle({ id, node }: Making): Piece {
  return {
    nodes: { [id]: { type: 'random/shuffle', ...titled(node) } },
    inputs: { array: { end: `${id}.list` } },
    outputs: { shuffled: { end: `${id}.list`, kind: 'list' } },
    flow: { in: `${id}.in`, out: `${id}.out` },
    outcome: 'mapped',
  }
}

export function httpCall({ id, node }: Making): Piece {
  const { data } = node
  const method = textOf(data, 'method', 'GET').toUpperCase()
  const reads = method === 'GET' || method === 'HEAD'
  const headers = headersOf(textOf(data, 'headers'))
  const body = textOf(data, 'body')
  const config = { method, url: textOf(data, 'url').slice(0, 8000), headers, fail: false }
  const request: NodeDocument = {
    type: reads ? 'web/fetch' : 'web/send',
    ...titled(node),
    config,
    ...(reads || body === '' ? {} : { values: { body } }),
  }
  return {
    nodes: { [id]: request },
    inputs: {
      ...(data['useUrlInput'] === true ? { url: { end: `${id}.url`, wants: 'text' } } : {}),
      ...(data['useHeadersInput'] === true ? { headers: { end: `${id}.headers` } } : {}),
      ...(data['useBodyInput'] === true && !reads ? { req_body: { end: `${id}.body` } } : {}),
    },
    outputs: {
      res_body: { end: `${id}.text` },
      json: { end: `${id}.json` },
      statusCode: { end: `${id}.status` },
      res_headers: { end: `${id}.headers` },
    },
    flow: { in: `${id}.in`, out: `${id}.out` },
    ...noted(
      'addresses inside the network are out of reach here',
      data['useMethodInput'] === true && 'its method is the one in its settings',
      data['isBinaryOutput'] === true && 'what it gets is read as text',
    ),
  }
}

function headersOf(text: string): JsonObject {
  try {
    const read = JSON.parse(text) as unknown
    if (!isObject(read)) return {}
    return Object.fromEntries(Object.entries(read).filter(([name, value]) => name !== '' && typeof value === 'string'))
  } catch {
    return {}
  }
}

/** Passes values on; in Rivet to make them wait for each other. */
export function passthrough(making: Making): Piece {
  const ports = numbered(making.usedInputs, 'input')
  const ids = ports.map((_, index) => (index === 0 ? making.id : `${making.id}-${index + 1}`))
  return {
    nodes: Object.fromEntries(
      (ids.length > 0 ? ids : [making.id]).map(id => [id, { type: 'data/get', ...titled(making.node) }]),
    ),
    inputs: Object.fromEntries(ports.map((port, index) => [port, { end: `${ids[index]}.from` }])),
    outputs: Object.fromEntries(
      ports.map((port, index): [string, OutPort] => {
        const kind = making.kinds.get(port)
        return [`output${index + 1}`, { end: `${ids[index]}.value`, ...(kind ? { kind } : {}) }]
      }),
    ),
    outcome: 'mapped',
  }
}

export function delay(making: Making): Piece {
  const { id, node } = making
  const ms = Math.min(86_400_000, Math.max(0, Math.round(numberOf(node.data, 'delay') ?? 0)))
  const passed = passthrough({ ...making, id: `${id}-value` })
  return {
    nodes: {
      [id]: { type: 'flow/delay', ...titled(node), config: { ms } },
      ...(making.usedInputs.length > 0 ? passed.nodes : {}),
    },
    inputs: passed.inputs,
    outputs: passed.outputs,
    flow: { in: `${id}.in`, out: `${id}.out` },
    ...noted(node.data['useDelayInput'] === true && 'it waits as long as its settings say, whatever comes in'),
  }
}
