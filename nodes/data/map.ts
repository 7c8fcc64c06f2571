import { defineNode, NodeFailure } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { parseFormula } from '../language/arithmetic.ts'
import type { Formula } from '../language/arithmetic.ts'
import { parsePath, problemsOfPath, valueAt } from '../language/path.ts'

const WAYS = ['path', 'expression'] as const

interface MapConfig {
  readonly by: (typeof WAYS)[number]
  readonly path: string
  readonly expression: string
}

export default defineNode({
  title: 'Map',
  about:
    'Makes something of every item of a list: its value at a path, or a number by an expression. That knows the item’s own keys, `item` and `index`, from 0.',
  icon: 'route',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      by: { type: 'string', title: 'By', enum: WAYS, default: 'path' },
      path: { type: 'string', title: 'Path', default: '', description: 'Null where an item has nothing there' },
      expression: { type: 'string', title: 'Expression', default: 'item', description: 'As in *Calculate*' },
    },
  },
  inputs: { list: { type: 'array', required: true } },
  outputs: { list: { type: 'array', about: 'As many as there were items, in their order' } },
  check(config) {
    if (config.by === 'path') return problemsOfPath(config)
    const formula = formulaOf(config)
    return 'problem' in formula ? [{ path: 'expression', message: formula.problem }] : []
  },
  run: ({ list }, { config }) => ({ outputs: { list: list.map(makerOf(config)) } }),
})

function makerOf(config: MapConfig): (item: Json, index: number) => Json {
  if (config.by === 'path') {
    const steps = parsePath(config.path) ?? []
    return item => valueAt(item, steps) ?? null
  }
  const formula = formulaOf(config)
  if ('problem' in formula) throw new NodeFailure('EXPRESSION', formula.problem, { retry: false })
  return (item, index) => resultOf(formula, config.expression, item, index)
}

function resultOf(formula: Formula, expression: string, item: Json, index: number): number {
  const names = namesIn(item, index)
  const numbers = Object.entries(names).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  const result = formula.evaluate(Object.fromEntries(numbers))
  // JSON has no -0: a replay would read another value.
  if (Number.isFinite(result)) return result === 0 ? 0 : result
  const missing = formula.variables.filter(name => typeof names[name] !== 'number' || !Object.hasOwn(names, name))
  const why =
    missing.length > 0 ? `${missing.map(name => `"${name}"`).join(', ')} must be a number` : 'it is not finite'
  throw new NodeFailure('NOT_A_NUMBER', `"${expression}" has no value for item ${index}: ${why}`, { retry: false })
}

function namesIn(item: Json, index: number): Readonly<Record<string, Json>> {
  return { ...(isObject(item) ? item : {}), item, index }
}

const parsed = new WeakMap<object, ReturnType<typeof parseFormula>>()

function formulaOf(config: MapConfig): ReturnType<typeof parseFormula> {
  const known = parsed.get(config) ?? parseFormula(config.expression)
  parsed.set(config, known)
  return known
}
