// JSONata, kept within bounds: nothing of it is compiled, its functions see no clock and no chance but the run's, and a query without end ends.
import jsonata from 'jsonata'
import { NodeFailure } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import { createBudget, isFunction, tooLong } from './query-budget.ts'
import type { Turns } from './query-budget.ts'
import { BUILT_IN, guardFunctions } from './query-functions.ts'
import type { Frame } from './query-functions.ts'
import { regexEngine } from './query-regex.ts'

/** What a query reads from outside, or what is wrong with it. */
export type Parsed = { readonly variables: readonly string[] } | { readonly problem: string }

const MOST_CHARACTERS = 20_000

/** Looks a query through without evaluating it. */
export function parseQuery(text: string): Parsed {
  if (text.length > MOST_CHARACTERS) return { problem: `is longer than ${MOST_CHARACTERS} characters` }
  try {
    return { variables: variablesIn(jsonata(text).ast()) }
  } catch (error) {
    return { problem: error instanceof RangeError ? 'what is nested in it is too deep' : messageOf(error) }
  }
}

/** Names that are read and nowhere bound. */
function variablesIn(tree: unknown): readonly string[] {
  const [read, bound, seen] = [new Set<string>(), new Set<string>(), new Set<object>()]
  const walk = (node: unknown, isBinding: boolean) => {
    if (typeof node !== 'object' || node === null || seen.has(node)) return
    seen.add(node)
    const { type, value, lhs, arguments: given, focus, index } = node as Readonly<Record<string, unknown>>
    if (type === 'variable' && typeof value === 'string') (isBinding ? bound : read).add(value)
    for (const name of [focus, index]) if (typeof name === 'string') bound.add(name)
    if (type === 'bind') walk(lhs, true)
    if (type === 'lambda' && Array.isArray(given)) for (const one of given) walk(one, true)
    for (const inner of Object.values(node)) walk(inner, false)
  }
  walk(tree, false)
  const known = new Set([...bound, ...BUILT_IN, '', '$'])
  return [...read].filter(name => !known.has(name) && name !== '__proto__')
}

/** What a query needs of a run. */
export interface QueryHost extends Turns {
  random(): number
}

const ENTRY = Symbol.for('jsonata.__evaluate_entry')
const EXIT = Symbol.for('jsonata.__evaluate_exit')
/** How deep expressions may be in each other while they are evaluated: a function that calls itself counts each time, and so does each group of a grouping. */
const MOST_DEPTH = 20_000
/** The most items of a sequence. */
const MOST_ITEMS = 50_000

/**
 * Evaluates a query; undefined where it finds nothing. Lets others work in between. Fails with `QUERY` for what the query itself does wrong, `TOO_LONG`, `TOO_DEEP`
 * and `TIMEOUT` for what goes beyond all measure.
 */
export async function evaluateQuery(
  text: string,
  input: Json,
  bindings: Readonly<Record<string, Json | undefined>>,
  host: QueryHost,
  timeoutMs: number,
): Promise<Json | undefined> {
  const budget = createBudget(host, timeoutMs)
  const now = Math.floor(host.now())
  try {
    budget.weigh(input)
    const expression = jsonata(text, {
      stack: MOST_DEPTH,
      sequence: MOST_ITEMS,
      RegexEngine: regexEngine(budget) as unknown as RegExpConstructor,
    })
    let isFirst = true
    assign(expression, ENTRY, (tree: { type: string }, from: unknown, environment: Frame) => {
      if (tree.type === 'wildcard') checkWildcard(from)
      if (isFirst) guardFunctions(environment.base, budget, now, host)
      isFirst = false
      budget.spend(1)
      return budget.yield()
    })
    assign(expression, EXIT, (tree: { type: string }, _input: unknown, _environment: Frame, result: unknown) => {
      if (tree.type === 'transform') budget.watchChanges(result)
      budget.weigh(result)
    })
    const given = Object.fromEntries(Object.entries(bindings).filter(([, value]) => value !== undefined))
    const value: unknown = await expression.evaluate(input, given)
    // Without functions, and as plain lists and objects.
    const plain = JSON.stringify(value, (_key, one: unknown) => (isFunction(one) ? undefined : one)) as
      | string
      | undefined
    return plain === undefined ? undefined : (JSON.parse(plain) as Json)
  } catch (error) {
    throw toFailure(error)
  } finally {
    budget.close()
  }
}

/** JSONata copies all that it has found for each list behind a `*`. */
function checkWildcard(from: unknown): void {
  if (typeof from !== 'object' || from === null || Array.isArray(from)) return
  if (Object.values(from).filter(Array.isArray).length > MOST_LISTS)
    throw tooLong(`"*" stands for more than ${MOST_LISTS} lists`)
}
const MOST_LISTS = 2_000

/** The hooks of the evaluator are bound like variables, under symbols. */
function assign(expression: jsonata.Expression, name: symbol, hook: (...all: never[]) => unknown): void {
  expression.assign(name as unknown as string, hook)
}

const CODES: Readonly<Record<string, readonly [code: string, message: string]>> = {
  D1011: ['TOO_DEEP', `the query calls itself more than ${MOST_DEPTH} expressions deep`],
  D2014: ['TOO_LONG', `the query makes a list of more than ${MOST_ITEMS} items`],
  D2015: ['TOO_LONG', `the query makes a list of more than ${MOST_ITEMS} items`],
}

function toFailure(error: unknown): Error {
  if (error instanceof NodeFailure) return error
  // One in a query that is evaluated by a query.
  const { error: inner, code = '' } = error as { error?: unknown; code?: string }
  if (inner !== undefined) return toFailure(inner)
  if (error instanceof RangeError)
    return new NodeFailure(
      /stack/.test(error.message) ? 'TOO_DEEP' : 'TOO_LONG',
      `the query goes beyond all measure: ${error.message}`,
      { retry: false },
    )
  const known = CODES[code]
  return known
    ? new NodeFailure(...known, { retry: false })
    : new NodeFailure('QUERY', messageOf(error), { retry: false })
}

function messageOf(error: unknown): string {
  const { message, position } = error as { message?: string; position?: number }
  return `${message ?? 'it cannot be evaluated'}${typeof position === 'number' ? ` (at character ${position})` : ''}`
}
