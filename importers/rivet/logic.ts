import type { Making, Piece } from './piece.ts'
import { constant, mergeKinds, noted, numbered, numberOf, textOf, titled } from './piece.ts'
import { codePiece } from './code.ts'
import { AS_TEXT } from './text.ts'

/** What Rivet's `If` takes for true: all but no value, an empty text or list, and false. */
const TRUE_FOR_IF =
  "const isTrue = one => !(one === undefined || one === null || one === false || one === '' || (Array.isArray(one) && one.length === 0) || (typeof one === 'object' && one.role !== undefined && one.content === ''))"
/** What its `If/Else` does: numbers are never true there. */
const TRUE_FOR_IF_ELSE = `${TRUE_FOR_IF.replace('isTrue', 'isSome')}\nconst isTrue = one => typeof one !== 'number' && isSome(one)`
/** What Rivet makes of a value that should be a boolean. */
export const AS_BOOLEAN =
  "const isTrue = one => Array.isArray(one) ? one.length > 0 && one.every(isTrue) : one === 'false' ? false : Boolean(one)"

/** Unconnected, a value is nothing that could be passed on; before 2024 it was passed on as such. */
const excludes = ({ node }: Making) => node.data['unconnectedControlFlowExcluded'] === true

export function ifNode(making: Making): Piece {
  const { id, node, usedInputs } = making
  const hasValue = usedInputs.includes('value')
  const piece = codePiece(making, {
    ins: ['if', 'value'],
    settles: ['if'],
    outs: [{ name: 'output' }, { name: 'falseOutput' }, { name: 'is true' }],
    body: [
      TRUE_FOR_IF,
      "const side = isTrue(v.if) ? 'output' : 'falseOutput'",
      `return { [side]: v.value${hasValue || excludes(making) ? '' : ' ?? null'}, 'is true': side === 'output' }`,
    ].join('\n'),
  })
  const never = { end: `${id}.output`, never: true }
  if (!hasValue && excludes(making)) return { ...piece, outputs: { output: never, falseOutput: never } }
  const flag = `${id}.is true`
  const kind = making.kinds.get('value') ?? 'any'
  return {
    ...piece,
    nodes: Object.fromEntries(
      Object.entries(piece.nodes).map(([key, one]) => [key, { ...one, title: node.title || 'If' }]),
    ),
    outputs: {
      output: { end: `${id}.output`, kind, when: { flag, side: 'yes' } },
      falseOutput: { end: `${id}.falseOutput`, kind, when: { flag, side: 'no' } },
    },
  }
}

export function ifElse(making: Making): Piece {
  const { usedInputs } = making
  const isOpen = !usedInputs.includes('true') || !usedInputs.includes('false')
  const otherwise = excludes(making) || !isOpen ? '' : ' ?? null'
  const values = ['true', 'false'].map(port => `v['${port}']${usedInputs.includes(port) ? '' : otherwise}`)
  return codePiece(making, {
    ins: ['if', 'true', 'false'],
    settles: ['if', 'true', 'false'],
    outs: [
      {
        name: 'output',
        kind: mergeKinds(usedInputs.filter(port => port !== 'if').map(port => making.kinds.get(port))),
        conditional: isOpen && excludes(making) ? true : 'lazy',
      },
    ],
    body: [
      TRUE_FOR_IF_ELSE,
      `const found = isTrue(v.if) ? ${values.join(' : ')}`,
      'return found === undefined ? {} : { output: found }',
    ].join('\n'),
  })
}

export function match(making: Making): Piece {
  const { data } = making.node
  const cases = (Array.isArray(data['cases']) ? data['cases'] : []).map(one => (typeof one === 'string' ? one : ''))
  const kind = making.kinds.get('value') ?? 'any'
  return codePiece(making, {
    ins: ['input', 'value'],
    texts: ['input'],
    outs: [
      ...cases.map((_, index) => ({ name: `case${index + 1}`, kind, conditional: true })),
      { name: 'unmatched', kind, conditional: true },
    ],
    body: [
      AS_TEXT,
      'const given = text(v.input)',
      'const value = v.value === undefined ? given : v.value',
      `let found = ${JSON.stringify(cases)}.flatMap((one, index) => new RegExp(one).test(given) ? [\`case\${index + 1}\`] : [])`,
      ...(data['exclusive'] === true ? ['found = found.slice(0, 1)'] : []),
      "return Object.fromEntries((found.length > 0 ? found : ['unmatched']).map(name => [name, value]))",
    ].join('\n'),
  })
}

export function coalesce(making: Making): Piece {
  const ports = numbered(making.usedInputs, 'input')
  return codePiece(making, {
    ins: [...ports, ...(making.usedInputs.includes('conditional') ? ['conditional'] : [])],
    settles: ports,
    outs: [{ name: 'output', kind: mergeKinds(ports.map(port => making.kinds.get(port))), conditional: 'lazy' }],
    body: `const [first] = ${JSON.stringify(ports)}.filter(port => v[port] !== undefined)\nreturn first === undefined ? {} : { output: v[first] }`,
  })
}

export function raceInputs(making: Making): Piece {
  const ports = numbered(making.usedInputs, 'input')
  return {
    ...codePiece(making, {
      ins: ports,
      outs: [{ name: 'result', kind: mergeKinds(ports.map(port => making.kinds.get(port))) }, { name: 'from' }],
      body: `const [first] = ${JSON.stringify(ports)}.filter(port => v[port] !== undefined)\nreturn { result: v[first] ?? null, from: first ?? null }`,
    }),
    isRace: true,
    ...noted('the slower branches go on; Rivet aborts them'),
  }
}

const OPERATORS: Readonly<Record<string, string>> = {
  '==': 'equals',
  '!=': 'does not equal',
  '<': 'is less than',
  '<=': 'is at most',
  '>': 'is greater than',
  '>=': 'is at least',
}
const LOGIC: Readonly<Record<string, string>> = {
  and: 'Boolean(v.a && v.b)',
  or: 'Boolean(v.a || v.b)',
  xor: 'Boolean(v.a ? !v.b : v.b)',
  nand: '!(v.a && v.b)',
  nor: '!(v.a || v.b)',
  xnor: '!(v.a ? !v.b : v.b)',
}

export function compare(making: Making): Piece | undefined {
  const { id, node } = making
  const operator = textOf(node.data, 'comparisonFunction', '==')
  if (node.data['useComparisonFunctionInput'] === true) return undefined
  const logic = Object.hasOwn(LOGIC, operator) ? LOGIC[operator] : undefined
  if (logic !== undefined)
    return codePiece(making, { ins: ['a', 'b'], outs: [{ name: 'output' }], body: `return { output: ${logic} }` })
  if (!Object.hasOwn(OPERATORS, operator)) return undefined
  return {
    nodes: { [id]: { type: 'logic/compare', ...titled(node), config: { operator: OPERATORS[operator] ?? 'equals' } } },
    inputs: { a: { end: `${id}.a` }, b: { end: `${id}.b` } },
    outputs: { output: { end: `${id}.result` } },
    ...noted(!['==', '!='].includes(operator) && 'numbers that are written as text compare as numbers'),
  }
}

const EXPRESSIONS: Readonly<Record<string, string>> = {
  '+': 'a + b',
  '-': 'a - b',
  '*': 'a * b',
  '/': 'a / b',
  '^': 'a ^ b',
  '%': 'a % b',
  abs: 'abs(a)',
  negate: '-a',
}

export function evaluate({ id, node }: Making): Piece | undefined {
  const operation = textOf(node.data, 'operation', '+')
  if (node.data['useOperationInput'] === true || !Object.hasOwn(EXPRESSIONS, operation)) return undefined
  const expression = EXPRESSIONS[operation] ?? 'a'
  return {
    nodes: { [id]: { type: 'math/calculate', ...titled(node), config: { expression } } },
    inputs: {
      a: { end: `${id}.a` },
      ...(expression.includes('b') && operation !== 'abs' ? { b: { end: `${id}.b` } } : {}),
    },
    outputs: { output: { end: `${id}.result` } },
    outcome: 'mapped',
  }
}

export function number(making: Making): Piece {
  const { id, node } = making
  const value = numberOf(node.data, 'value') ?? 0
  const places = node.data['round'] === true ? 10 ** (numberOf(node.data, 'roundTo') ?? 0) : undefined
  const rounded = places === undefined ? value : Math.round(value * places) / places
  if (node.data['useValueInput'] !== true || !making.usedInputs.includes('input'))
    return {
      nodes: { [id]: { ...constant(Number.isFinite(rounded) ? rounded : 0), ...titled(node) } },
      inputs: {},
      outputs: { value: { end: `${id}.value` } },
      outcome: 'mapped',
    }
  return codePiece(making, {
    ins: ['input'],
    outs: [{ name: 'value' }],
    body: `const value = v.input === undefined || v.input === null ? ${value} : Number(v.input)\nreturn { value: ${places === undefined ? 'value' : `Math.round(value * ${places}) / ${places}`} }`,
  })
}

export function boolean(making: Making): Piece {
  const { id, node } = making
  const value = node.data['value'] === true
  if (node.data['useValueInput'] !== true || !making.usedInputs.includes('input'))
    return {
      nodes: { [id]: { ...constant(value), ...titled(node) } },
      inputs: {},
      outputs: { value: { end: `${id}.value` } },
      outcome: 'mapped',
    }
  return codePiece(making, {
    ins: ['input'],
    outs: [{ name: 'value' }],
    body: `${AS_BOOLEAN}\nreturn { value: v.input === undefined ? ${value} : isTrue(v.input) }`,
  })
}
