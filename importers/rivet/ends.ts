import type { NodeDocument, Wire } from '#graph/document.ts'
import type { Json } from '#graph/json.ts'
import type { InPort, Making, OutPort, Piece } from './piece.ts'
import { noted, numberOf, textOf, titled } from './piece.ts'
import { emptyOf, kindOf } from './data.ts'

const TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  boolean: 'boolean',
  object: 'object',
}

export function graphInput({ id, node, usedInputs, inputNamed }: Making): Piece {
  const { data } = node
  const name = textOf(data, 'id') || 'input'
  const dataType = textOf(data, 'dataType', 'string')
  const earlier = inputNamed(name)
  const port: OutPort = { end: `${earlier ?? id}.value`, ...kindOf(dataType) }
  // Several nodes may stand for one input.
  if (earlier !== undefined) return { nodes: {}, inputs: {}, outputs: { data: port }, outcome: 'mapped' }
  const type = dataType.endsWith('[]') ? 'array' : (TYPES[dataType] ?? 'any')
  const config = { name, type, default: fallbackOf(data['defaultValue'], dataType, type) }
  return {
    nodes: { [id]: { type: 'flow/input', ...titled(node), config } },
    inputs: {},
    outputs: { data: port },
    ...noted(usedInputs.includes('default') && 'its default is the one in its settings, whatever comes in'),
  }
}

/** In Rivet every input has a default: if not its own, then that of its type. */
function fallbackOf(given: Json | undefined, dataType: string, type: string): Json {
  const empty = emptyOf(dataType)
  if (given === undefined || given === null || given === '') return empty
  switch (type) {
    case 'string':
      return typeof given === 'string' ? given : JSON.stringify(given)
    case 'number':
      return Number.isFinite(Number(given)) ? Number(given) : empty
    case 'boolean':
      return given === true || given === 'true'
    case 'array':
      return Array.isArray(given) ? given : [given]
    case 'object':
      return typeof given === 'object' && !Array.isArray(given) ? given : empty
    default:
      return given
  }
}

/** A value that comes with the run, from around the graph. */
export function context({ id, node, usedInputs }: Making): Piece {
  const dataType = textOf(node.data, 'dataType', 'string')
  const name = `context ${textOf(node.data, 'id') || 'input'}`
  const given = node.data['defaultValue']
  return {
    nodes: {
      [id]: {
        type: 'flow/input',
        ...titled(node),
        config: { name, type: 'any', default: given ?? emptyOf(dataType) },
      },
    },
    inputs: {},
    outputs: { data: { end: `${id}.value`, ...kindOf(dataType) } },
    ...noted(
      `it is the input "${name}" here`,
      usedInputs.includes('default') && 'its default is the one in its settings, whatever comes in',
    ),
  }
}

export function graphOutput({ id, node, usedInputs, usedOutputs }: Making): Piece {
  const name = textOf(node.data, 'id') || 'output'
  const passed = `${id}-value`
  const isPassed = usedOutputs.includes('valueOutput')
  if (!usedInputs.includes('value'))
    return {
      nodes: { [id]: { type: 'flow/join', ...titled(node), config: { mode: 'any' } } },
      inputs: {},
      outputs: {},
      outcome: 'mapped',
      note: 'no value is wired to it, so it gives none',
    }
  return {
    nodes: { [id]: { type: 'flow/output', config: { name } }, ...(isPassed ? { [passed]: { type: 'data/get' } } : {}) },
    inputs: { value: { end: isPassed ? `${passed}.from` : `${id}.value` } },
    wires: isPassed ? [[`${passed}.value`, `${id}.value`]] : [],
    outputs: { valueOutput: { end: `${passed}.value`, ...kindOf(textOf(node.data, 'dataType')) } },
    flow: { in: `${id}.in`, out: `${id}.out` },
    isResult: true,
    outcome: 'mapped',
  }
}

/** A note on the canvas. */
export function comment({ node }: Making): Piece {
  const { data, at, width } = node
  const note = {
    text: textOf(data, 'text') || node.title,
    ...(at ? { at } : {}),
    size: [width ?? 300, numberOf(data, 'height') ?? 200] as const,
  }
  return { nodes: {}, inputs: {}, outputs: {}, notes: [note], outcome: 'mapped' }
}

export function subGraph({ id, node, usedOutputs, callee }: Making): Piece | undefined {
  const target = callee(textOf(node.data, 'graphId'))
  if (!target) return undefined
  const { name, inputs, outputs } = target
  const config = { spell: name, inputs: [...inputs], outputs: outputs.map(one => one.name) }
  const values = Object.entries(
    typeof node.data['inputData'] === 'object' && node.data['inputData'] !== null ? node.data['inputData'] : {},
  ).flatMap(([port, one]): [string, Json][] => {
    const value = typeof one === 'object' && one !== null && !Array.isArray(one) ? (one as { value?: Json }).value : one
    return inputs.includes(port) && value !== undefined ? [[port, value]] : []
  })
  const unsure = outputs.filter(one => one.mayBeAbsent && usedOutputs.includes(one.name)).map(one => one.name)
  const given = `${id}-given`
  const nodes: Record<string, NodeDocument> = {
    [id]: {
      type: 'flow/sub-spell',
      ...titled(node),
      config,
      ...(values.length > 0 ? { values: Object.fromEntries(values) } : {}),
    },
  }
  const wires: Wire[] = []
  if (unsure.length > 0) {
    const code = `return { ${unsure.map((_, index) => `'ran ${index + 1}': 'value ${index + 1}' in inputs`).join(', ')}, count: ${unsure.length} }`
    const names = (what: string) => unsure.map((_, index) => `${what} ${index + 1}`)
    nodes[given] = {
      type: 'code/javascript',
      title: 'What did it give?',
      config: { code, inputs: names('value'), outputs: [...names('ran'), 'count'] },
    }
    wires.push(
      [`${id}.out`, `${given}.in`],
      ...unsure.map((one, index): Wire => [`${id}.${one}`, `${given}.value ${index + 1}`]),
    )
  }
  return {
    nodes,
    wires,
    inputs: Object.fromEntries(inputs.map((one): [string, InPort] => [one, { end: `${id}.${one}` }])),
    outputs: Object.fromEntries(
      outputs.map((one): [string, OutPort] => {
        const place = unsure.indexOf(one.name)
        const when = place < 0 ? {} : { when: { flag: `${given}.ran ${place + 1}`, side: 'yes' as const } }
        return [one.name, { end: `${id}.${one.name}`, kind: one.kind, ...when }]
      }),
    ),
    flow: { in: `${id}.in`, out: unsure.length > 0 ? `${given}.out` : `${id}.out` },
    ...noted(
      node.data['useErrorOutput'] === true &&
        usedOutputs.includes('error') &&
        'its error output is left out: a failure in it ends the run',
    ),
  }
}

/** A person is asked; the run waits. */
export function userInput({ id, node, usedInputs, usedOutputs }: Making): Piece {
  const { data } = node
  const isGiven = data['useInput'] === true && usedInputs.includes('questions')
  const [question, list, both, pairs] = ['question', 'list', 'both', 'pairs'].map(one => `${id}-${one}`) as [
    string,
    string,
    string,
    string,
  ]
  const hasPairs = usedOutputs.includes('questionsAndAnswers')
  const form = [{ name: 'text', title: 'Answer', type: 'multiline', required: true }]
  return {
    nodes: {
      [id]: { type: 'flow/ask', ...titled(node), config: { prompt: '{{question}}', form } },
      [question]: { type: 'data/get', ...(isGiven ? {} : { values: { from: textOf(data, 'prompt') } }) },
      [list]: { type: 'data/list', config: { count: 1 } },
      ...(hasPairs
        ? {
            [both]: { type: 'text/template', config: { template: '{{question}}\n{{answer}}' } },
            [pairs]: { type: 'data/list', config: { count: 1 } },
          }
        : {}),
    },
    wires: [
      [`${question}.value`, `${id}.question`],
      [`${id}.text`, `${list}.a`],
      ...(hasPairs
        ? ([
            [`${question}.value`, `${both}.question`],
            [`${id}.text`, `${both}.answer`],
            [`${both}.text`, `${pairs}.a`],
          ] as const)
        : []),
    ],
    inputs: isGiven ? { questions: { end: `${question}.from`, wants: 'text' } } : {},
    outputs: {
      output: { end: `${list}.list`, kind: 'list' },
      questionsAndAnswers: { end: `${pairs}.list`, kind: 'list' },
    },
    flow: { in: `${id}.in`, out: `${id}.answered` },
    ...noted(isGiven && 'several questions are asked as one'),
  }
}
