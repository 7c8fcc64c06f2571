// Arithmetic as people write it: + - * / % ^, brackets, functions. A Pratt parser (Pratt 1973, "Top down operator precedence").

/** A parsed expression. */
export interface Formula {
  /** Names that it reads, in order of appearance. */
  readonly variables: readonly string[]
  /** NaN and infinities are results like others; the caller decides. */
  evaluate(values: Readonly<Record<string, number>>): number
}

type Evaluate = (values: Readonly<Record<string, number>>) => number
interface Token {
  readonly kind: 'number' | 'name' | 'sign' | 'end'
  readonly text: string
  readonly at: number
}

const CONSTANTS: Readonly<Record<string, number>> = { pi: Math.PI, e: Math.E }
const FUNCTIONS: Readonly<
  Record<string, { readonly least: number; readonly most: number; readonly apply: (...args: number[]) => number }>
> = {
  abs: { least: 1, most: 1, apply: Math.abs },
  ceil: { least: 1, most: 1, apply: Math.ceil },
  floor: { least: 1, most: 1, apply: Math.floor },
  round: { least: 1, most: 2, apply: (x, digits = 0) => Math.round(x * 10 ** digits) / 10 ** digits },
  sign: { least: 1, most: 1, apply: Math.sign },
  sqrt: { least: 1, most: 1, apply: Math.sqrt },
  exp: { least: 1, most: 1, apply: Math.exp },
  log: { least: 1, most: 2, apply: (x, base = Math.E) => Math.log(x) / Math.log(base) },
  sin: { least: 1, most: 1, apply: Math.sin },
  cos: { least: 1, most: 1, apply: Math.cos },
  tan: { least: 1, most: 1, apply: Math.tan },
  min: { least: 1, most: 100, apply: Math.min },
  max: { least: 1, most: 100, apply: Math.max },
}
const BINARY: Readonly<
  Record<string, readonly [left: number, right: number, apply: (a: number, b: number) => number]>
> = {
  '+': [10, 11, (a, b) => a + b],
  '-': [10, 11, (a, b) => a - b],
  '*': [20, 21, (a, b) => a * b],
  '/': [20, 21, (a, b) => a / b],
  '%': [20, 21, (a, b) => a % b],
  '^': [41, 40, (a, b) => a ** b],
}
/** Binds less than ^, as in mathematics: -2 ^ 2 is -4. */
const UNARY = 30
const MOST_DEPTH = 100

/** Parses an expression; answers what is wrong with it instead where it is none. */
export function parseFormula(text: string): Formula | { readonly problem: string } {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof FormulaError) return { problem: error.message }
    throw error
  }
}

class FormulaError extends Error {}

/** Tokens, one after the other. */
function createReader(text: string) {
  const tokens = tokenize(text)
  let index = 0
  const peek = (): Token => tokens[index] ?? { kind: 'end', text: '', at: text.length }
  const take = (): Token => {
    const token = peek()
    index++
    return token
  }
  const expect = (sign: string): void => {
    const token = take()
    if (token.text !== sign) throw new FormulaError(`expected "${sign}" ${where(token)}`)
  }
  return { peek, take, expect }
}

function parse(text: string): Formula {
  const { peek, take, expect } = createReader(text)
  const variables = new Set<string>()
  let depth = 0
  const expression = (binding: number): Evaluate => {
    if (++depth > MOST_DEPTH) throw new FormulaError(`more than ${MOST_DEPTH} brackets within brackets`)
    const first = prefix(take())
    const steps: Step[] = []
    for (;;) {
      const operator = BINARY[peek().text]
      if (!operator || peek().kind !== 'sign' || operator[0] < binding) break
      take()
      const [, right, apply] = operator
      steps.push({ apply, operand: expression(right) })
    }
    depth--
    return steps.length === 0 ? first : inTurn(first, steps)
  }
  const prefix = (token: Token): Evaluate => {
    if (token.kind === 'number') {
      const value = Number(token.text)
      return () => value
    }
    if (token.kind === 'name') return peek().text === '(' ? call(token) : variable(token.text)
    if (token.text === '-' || token.text === '+') {
      const operand = expression(UNARY)
      return token.text === '-' ? values => -operand(values) : operand
    }
    if (token.text !== '(') throw new FormulaError(`expected a number, a name or "(" ${where(token)}`)
    const inner = expression(0)
    expect(')')
    return inner
  }
  const variable = (name: string): Evaluate => {
    const constant = Object.hasOwn(CONSTANTS, name) ? CONSTANTS[name] : undefined
    if (constant !== undefined) return () => constant
    variables.add(name)
    return values => (Object.hasOwn(values, name) ? (values[name] ?? Number.NaN) : Number.NaN)
  }
  const call = (token: Token): Evaluate => {
    const called = functionOf(token.text)
    take()
    const args: Evaluate[] = []
    if (peek().text !== ')') {
      do args.push(expression(0))
      while (peek().text === ',' && take())
    }
    expect(')')
    return applied(called, token.text, args)
  }
  const evaluate = expression(0)
  if (peek().kind !== 'end') throw new FormulaError(`expected an operator ${where(peek())}`)
  return { variables: [...variables], evaluate }
}

interface Step {
  readonly apply: (a: number, b: number) => number
  readonly operand: Evaluate
}

/** One list for a chain of any length: closures within closures would need as deep a stack. */
function inTurn(first: Evaluate, steps: readonly Step[]): Evaluate {
  return values => steps.reduce((result, { apply, operand }) => apply(result, operand(values)), first(values))
}

type Known = (typeof FUNCTIONS)[string]

function functionOf(name: string): Known {
  const found = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
  if (!found) throw new FormulaError(`there is no function "${name}"; there are ${Object.keys(FUNCTIONS).join(', ')}`)
  return found
}

function applied({ least, most, apply }: Known, name: string, args: readonly Evaluate[]): Evaluate {
  if (args.length >= least && args.length <= most) return values => apply(...args.map(one => one(values)))
  throw new FormulaError(`"${name}" takes ${least === most ? least : `${least} to ${most}`} values, not ${args.length}`)
}

function where({ kind, text, at }: Token): string {
  return kind === 'end' ? 'at the end' : `at character ${at + 1}, got "${text}"`
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = []
  const pattern = /\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|([-+*/%^(),]))/y
  let at = 0
  while (at < text.length) {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (!found) {
      if (text.slice(at).trim() === '') break
      const bad = text.slice(at).trimStart()
      throw new FormulaError(
        `"${bad.charAt(0)}" at character ${text.length - bad.length + 1} is not part of any expression`,
      )
    }
    const [whole, number, name, sign] = found
    const token = number ?? name ?? sign ?? ''
    tokens.push({ kind: number ? 'number' : name ? 'name' : 'sign', text: token, at: at + whole.length - token.length })
    at += whole.length
  }
  return tokens
}
