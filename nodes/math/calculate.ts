import { defineNode, NodeFailure } from '#graph/define.ts'
import type { Socket } from '#graph/define.ts'
import { parseFormula } from '../language/arithmetic.ts'
import type { Formula } from '../language/arithmetic.ts'

const parsed = new WeakMap<object, Formula | { readonly problem: string }>()

function formulaOf(config: { readonly expression: string }): Formula | { readonly problem: string } {
  const known = parsed.get(config) ?? parseFormula(typeof config.expression === 'string' ? config.expression : '')
  parsed.set(config, known)
  return known
}

export default defineNode({
  title: 'Calculate',
  about:
    'Computes an expression such as `(a + b) / 2`. Every name is an input. Knows + - * / % ^, `pi`, `e` and abs, ceil, floor, round, sign, sqrt, exp, log, sin, cos, tan, min, max.',
  icon: 'calculator',
  kind: 'pure',
  config: { type: 'object', properties: { expression: { type: 'string', title: 'Expression', default: 'a + b' } } },
  outputs: { result: { type: 'number' } },
  derive(config) {
    const formula = formulaOf(config)
    const socket: Socket = { type: 'number', required: true }
    return { inputs: 'variables' in formula ? Object.fromEntries(formula.variables.map(name => [name, socket])) : {} }
  },
  check(config) {
    const formula = formulaOf(config)
    return 'problem' in formula ? [{ path: 'expression', message: formula.problem }] : []
  },
  run(inputs, { config }) {
    const formula = formulaOf(config)
    if ('problem' in formula) throw new NodeFailure('EXPRESSION', formula.problem, { retry: false })
    const result = formula.evaluate(inputs as Record<string, number>)
    if (!Number.isFinite(result))
      throw new NodeFailure('NOT_A_NUMBER', `"${config.expression}" has no finite value here`, { retry: false })
    return { outputs: { result } }
  },
})
