// Components of Magick (2023), the successor of Thoth, and of Thoth's forks that it took over.
import type { NodeDocument } from '#graph/document.ts'
import type { Json } from '#graph/json.ts'
import { codeOf, dataSockets, isTrigger, namedCode, titled } from './code.ts'
import type { Maker, Making, Piece } from './piece.ts'
import { constant, numberOf, passage, textOf } from './piece.ts'
import { completionConfig, withInputs } from './state.ts'

/** A node that is evaluated when asked, and flow that passes by. */
function beside(making: Making, node: NodeDocument, inputs: Readonly<Record<string, string>>, output: string): Piece {
  const { id, usedOutputs } = making
  return {
    nodes: { [id]: node, [`${id}-flow`]: passage() },
    inputs: { ...inputs, trigger: `${id}-flow.in` },
    outputs: {
      ...Object.fromEntries(usedOutputs.filter(name => !isTrigger(name)).map(name => [name, `${id}.${output}`])),
      trigger: `${id}-flow.out`,
    },
    outcome: 'mapped',
  }
}

/** A node with one input, whatever edges call it. */
export function simple(type: string, input: string, output: string, config?: Readonly<Record<string, Json>>): Maker {
  return making => {
    const node = { type, ...titled(textOf(making.node.data, 'name')), ...(config ? { config } : {}) }
    const ins = making.usedInputs.filter(name => !isTrigger(name)).map(name => [name, `${making.id}.${input}`] as const)
    return beside(making, node, Object.fromEntries(ins), output)
  }
}

export function textTemplate(making: Making): Piece {
  const { id, node } = making
  const ins = dataSockets(making, 'inputs').filter(({ name }) => !name.includes(']'))
  const template = withInputs(textOf(node.data, 'fewshot').replaceAll('\r\n', '\n'), ins)
  return beside(
    making,
    { type: 'text/template', ...titled(textOf(node.data, 'name')), config: { template } },
    Object.fromEntries(ins.flatMap(({ name, key }) => [name, key].map(socket => [socket, `${id}.${name}`]))),
    'text',
  )
}

const PROMPTS = new Set(['input', 'prompt', 'string'])
const RULES = new Set(['system', 'systemDirective'])

export function generateText(making: Making): Piece {
  const { id, node, usedInputs } = making
  const { config, note } = completionConfig(making)
  const others = usedInputs.filter(name => !isTrigger(name) && !PROMPTS.has(name) && !RULES.has(name))
  return {
    nodes: { [id]: { type: 'ai/complete', ...titled(textOf(node.data, 'name')), config } },
    inputs: {
      ...Object.fromEntries([...PROMPTS].map(name => [name, `${id}.prompt`])),
      ...Object.fromEntries([...RULES].map(name => [name, `${id}.system`])),
      trigger: `${id}.in`,
    },
    outputs: { trigger: `${id}.out`, result: `${id}.text`, output: `${id}.text` },
    flow: { in: `${id}.in`, out: `${id}.out` },
    outcome: note === '' && others.length === 0 ? 'mapped' : 'approximated',
    note: [note, others.length > 0 && `what comes in at ${others.map(name => `"${name}"`).join(', ')} is left out`]
      .filter(Boolean)
      .join('; '),
  }
}

/** Goes along `true` or `false` as a piece of code says. */
export function gate(ask: string): Maker {
  return ({ id, node, usedInputs }) => {
    const test = `${id}-test`
    const ins = usedInputs.filter(name => !isTrigger(name))
    const kept = Object.fromEntries(
      Object.entries(node.data).filter(([, value]) => typeof value === 'string' || typeof value === 'number'),
    )
    const code = `const data = ${JSON.stringify(kept)}\n${ask}\nreturn { result: Boolean(is), asked: true }`
    const names = ins.map(name => (name === 'in' ? 'in (value)' : name))
    return {
      nodes: {
        [id]: { type: 'flow/branch', title: node.component.slice(0, 200) },
        [test]: {
          type: 'code/javascript',
          title: 'Is it so?',
          config: { code, inputs: names, outputs: ['result', 'asked'] },
        },
      },
      wires: [
        [`${test}.out`, `${id}.in`],
        [`${test}.result`, `${id}.condition`],
      ],
      inputs: {
        ...Object.fromEntries(ins.map((name, index) => [name, `${test}.${names[index]}`])),
        trigger: `${test}.in`,
      },
      outputs: { true: `${id}.yes`, false: `${id}.no` },
      flow: { in: `${test}.in`, out: `${id}.yes` },
      outcome: 'mapped',
    }
  }
}

const VALUES = 'const [x, y] = [Number(inputs.input), Number(inputs.value ?? data.value ?? 0)]'
export const comparison = (operator: string): Maker => gate(`${VALUES}\nconst is = x ${operator} y`)

export const inRange = gate(
  'const ends = [Number(inputs.startNumber ?? data.startNumber), Number(inputs.endNumber ?? data.endNumber)]\nconst is = Number(inputs.input) >= Math.min(...ends) && Number(inputs.input) <= Math.max(...ends)',
)
export const isANumber = gate(
  "const [value] = Object.values(inputs)\nconst is = typeof value !== 'object' && !Number.isNaN(Number.parseFloat(value))",
)
export const isVariableTrue = gate(
  "const [value] = Object.values(inputs)\nconst is = value === 'true' || value === true || value === 1",
)

export const logicalOperator = gate(
  "const { input1: a, input2: b } = inputs\nconst operator = String(data.operationType ?? 'equal').toLowerCase().trim()\nconst is = operator === 'equal' ? a === b : operator === 'not equal' ? a !== b : operator === 'greater than' ? a > b : operator === 'less than' ? a < b : false",
)

export const evaluateText = gate(
  [
    "const text = String(Object.values(inputs)[0] ?? '')",
    "const wanted = String(data.fewshot ?? '').trim()",
    "const [not, operation] = /^(not )?(.*)$/.exec(String(data.operationType || 'includes').toLowerCase().trim()).slice(1)",
    "const found = ['equals', 'equal', '===', '=='].includes(operation) ? text === wanted : ['!==', '!='].includes(operation) ? text !== wanted : /^starts ?with$/.test(operation) ? text.startsWith(wanted) : /^ends ?with$/.test(operation) ? text.endsWith(wanted) : text.includes(wanted)",
    'const is = not ? !found : found',
  ].join('\n'),
)

export const textRuleMatcher = gate(
  [
    "const text = String(inputs.input ?? '')",
    "const list = (own, kept) => String(own ?? kept ?? '').toLowerCase().split(', ').filter(Boolean)",
    'const [begin, end, any] = [list(inputs.matchBeginning, data.matchBeginningString), list(inputs.matchEnd, data.matchEndString), list(inputs.matchAny, data.matchAnyString)]',
    'const [least, most] = [Number(data.stringMinLength ?? 0), Number(data.stringMaxLength ?? 0)]',
    'let is = begin.some(one => text.startsWith(one))',
    'if (end.length > 0) is = end.some(one => text.endsWith(one))',
    'if (any.length > 0) is = any.some(one => text.includes(one))',
    'if (most !== 0 && (text.length > most || text.length < least)) is = false',
  ].join('\n'),
)

export function arithmetic(expression: string): Maker {
  return making => {
    const { id, node } = making
    const values = { a: numberOf(node.data, 'firstNumber') ?? 1, b: numberOf(node.data, 'secondNumber') ?? 1 }
    const math = { type: 'math/calculate', title: node.component.slice(0, 200), config: { expression }, values }
    return beside(making, math, { firstNumber: `${id}.a`, secondNumber: `${id}.b` }, 'result')
  }
}

/** What it takes out of an event; where a run is given a text, that is the event's content. */
export function eventDestructure(making: Making): Piece {
  const asked = dataSockets(making, 'outputs').map(({ name }) => name)
  return {
    ...namedCode(
      making,
      `const [given] = Object.values(inputs)\nconst event = typeof given === 'object' && given !== null ? given : { content: given ?? null }\nreturn Object.fromEntries(${JSON.stringify(asked)}.map(name => [name, event[name] ?? null]))`,
    ),
    note: 'a text in place of an event is its content',
  }
}

export function getValues(making: Making): Piece {
  const asked = dataSockets(making, 'outputs').map(({ name }) => name)
  return namedCode(
    making,
    `const [given] = Object.values(inputs)\nconst object = typeof given === 'object' && given !== null ? given : {}\nreturn Object.fromEntries(${JSON.stringify(asked)}.flatMap(name => Object.hasOwn(object, name) ? [[name, object[name]]] : []))`,
  )
}

export function arrayVariable({ id, node: { data }, usedOutputs }: Making): Piece {
  const all = textOf(data, '_var').split(textOf(data, 'splitter'))
  const list = data['keepEmpty'] === true ? all : all.filter(Boolean)
  return {
    nodes: { [id]: { ...constant(list), ...titled(textOf(data, 'name')) } },
    inputs: {},
    outputs: Object.fromEntries(
      ['output', ...usedOutputs].filter(name => !isTrigger(name)).map(name => [name, `${id}.value`]),
    ),
    outcome: 'mapped',
  }
}

/** A node that must be triggered, without inputs. */
export function source(type: string, outputs: Readonly<Record<string, string>>, note = ''): Maker {
  return ({ id }) => ({
    nodes: { [id]: { type } },
    inputs: { trigger: `${id}.in` },
    outputs: {
      ...Object.fromEntries(Object.entries(outputs).map(([name, socket]) => [name, `${id}.${socket}`])),
      trigger: `${id}.out`,
    },
    flow: { in: `${id}.in`, out: `${id}.out` },
    outcome: note === '' ? 'mapped' : 'approximated',
    note,
  })
}

/** Lets the first trigger through, with the value that came beside it. */
export function exclusiveGate(making: Making): Piece {
  const { id, usedInputs } = making
  const ports = usedInputs.filter(name => /^trigger/i.test(name))
  const values = usedInputs.filter(name => !ports.includes(name))
  const value = `${id}-value`
  return {
    nodes: { [id]: passage(), [value]: { type: 'data/get' } },
    inputs: {
      ...Object.fromEntries(ports.map(name => [name, `${id}.in`])),
      ...Object.fromEntries(values.map(name => [name, `${value}.from`])),
    },
    outputs: { trigger: `${id}.out`, output: `${value}.value` },
    outcome: 'approximated',
    note: 'its value is the one that was written last',
  }
}

export function orGate({ id, usedInputs }: Making): Piece {
  return {
    nodes: { [id]: passage() },
    inputs: Object.fromEntries(usedInputs.filter(name => /^trigger/i.test(name)).map(name => [name, `${id}.in`])),
    outputs: { trigger: `${id}.out` },
    outcome: 'mapped',
  }
}

/** Sends what comes in as the query or as the body. */
export function request(making: Making): Piece {
  const { id, node, usedInputs } = making
  const { data } = node
  const method = textOf(data, 'method').trim().toUpperCase() || 'GET'
  const reads = ['GET', 'HEAD', 'DELETE'].includes(method)
  const own = new Set(['url', 'headers', 'trigger'])
  const names = usedInputs.filter(name => !own.has(name))
  const body = `${id}-body`
  const type = method === 'GET' || method === 'HEAD' ? 'web/fetch' : 'web/send'
  const known = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].includes(method)
  const collect = 'return { all: inputs, count: Object.keys(inputs).length }'
  const inputs = names.map(name => (name === 'in' ? 'in (value)' : name))
  return {
    nodes: {
      [id]: {
        type,
        ...titled(textOf(data, 'name')),
        config: { method: known ? method : 'GET', url: textOf(data, 'url').slice(0, 8000) },
      },
      [body]: {
        type: 'code/javascript',
        title: 'What is sent',
        config: { code: collect, inputs, outputs: ['all', 'count'] },
      },
    },
    wires: [
      [`${body}.out`, `${id}.in`],
      [`${body}.all`, `${id}.${reads ? 'query' : 'body'}`],
    ],
    inputs: {
      url: `${id}.url`,
      headers: `${id}.headers`,
      ...Object.fromEntries(names.map((name, index) => [name, `${body}.${inputs[index]}`])),
      trigger: `${body}.in`,
    },
    outputs: { output: `${id}.json`, trigger: `${id}.out` },
    flow: { in: `${body}.in`, out: `${id}.out` },
    outcome: 'approximated',
    note: 'its output is what the answer’s JSON holds; headers of its settings are left out',
  }
}

const lower = 'Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name.toLowerCase().trim(), value]))'
const first = 'Object.values(inputs)[0]'

export const composeObject = codeOf(`return { output: ${lower} }`, 'output')
export const inputsToJson = codeOf(`return { output: JSON.stringify(${lower}) }`, 'output')
export const eventRestructure = codeOf(
  "return { output: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, name === 'agentId' ? Number.parseInt(value) || null : value])) }",
  'output',
)
export const fromJson = codeOf(
  `const given = ${first}\nreturn { output: typeof given === 'string' ? JSON.parse(given) : given ?? null }`,
  'output',
)
export const valueFromArray = codeOf(
  `const given = ${first}\nreturn { output: given?.[data.element ?? 0] ?? null }`,
  'output',
)
export const extractFromArray = codeOf(
  `const given = ${first}\nconst key = String(data.value ?? '').trim()\nreturn { output: Array.isArray(given) ? given.map(one => one?.[key] ?? null) : [] }`,
  'output',
)
export const remapArray = codeOf(
  `const given = ${first}\nconst keys = String(data.values ?? '').split(',').map(one => one.trim())\nreturn { output: Array.isArray(given) ? given.map(one => Object.fromEntries(Object.entries(one ?? {}).filter(([key]) => keys.includes(key)))) : [] }`,
  'output',
)
export const conversation = codeOf(
  `const given = ${first}\nconst list = Array.isArray(given) ? given : given?.rows ?? [given]\nreturn { conversation: list.filter(one => one).map(one => \`\${one.sender}: \${one.content}\\n\`).join('') }`,
  'conversation',
)
export const combineText = codeOf(
  "return { output: Object.entries(inputs).map(([, value]) => typeof value === 'string' ? value : JSON.stringify(value)).join(data.delimiter ?? '') }",
  'output',
)
export const fail = codeOf(
  `throw new Error(String(${first} ?? data.error ?? data.name ?? 'an error node was reached'))`,
  'output',
)
export const randomLine = codeOf(
  "const lines = String(data.fewshot ?? '').split('\\n')\nreturn { output: lines[Math.floor(Math.random() * lines.length)] ?? '' }",
  'output',
)
