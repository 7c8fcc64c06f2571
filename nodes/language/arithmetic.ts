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

function parse(text: string): Formula {
  const tokens = tokenize(text)
  const variables = new Set<string>()
  let index = 0
  let depth = 0
  const peek = (): Token => tokens[index] ?? { kind: 'end', text: '', at: text.length }
  const take = (): Token => {
    const token = peek()
    index++
    return token
  }
  const expect = (sign: string) => {
    const token = take()
    if (token.text !== sign) throw new FormulaError(`expected "${sign}" ${where(token)}`)
  }
  const expression = (binding: number): Evaluate => {
    if (++depth > MOST_DEPTH) throw new FormulaError(`more than ${MOST_DEPTH} brackets within brackets`)
    const first = prefix(take())
    // One list for a chain of any length: closures within closures would need as deep a stack.
    const steps: { readonly apply: (a: number, b: number) => number; readonly operand: Evaluate }[] = []
    for (;;) {
      const operator = BINARY[peek().text]
      if (!operator || peek().kind !== 'sign' || operator[0] < binding) break
      take()
      const [, right, apply] = operator
      steps.push({ apply, operand: expression(right) })
    }
    depth--
    if (steps.length === 0) return first
    return values => {
      let result = first(values)
      for (const { apply, operand } of steps) result = apply(result, operand(values))
      return result
    }
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
    const called = Object.hasOwn(FUNCTIONS, token.text) ? FUNCTIONS[token.text] : undefined
    if (!called)
      throw new FormulaError(`there is no function "${token.text}"; there are ${Object.keys(FUNCTIONS).join(', ')}`)
    take()
    const args: Evaluate[] = []
    if (peek().text !== ')') {
      do args.push(expression(0))
      while (peek().text === ',' && take())
    }
    expect(')')
    const { least, most, apply } = called
    if (args.length < least || args.length > most)
      throw new FormulaError(
        `"${token.text}" takes ${least === most ? least : `${least} to ${most}`} values, not ${args.length}`,
      )
    return values => apply(...args.map(one => one(values)))
  }
  const evaluate = expression(0)
  if (peek().kind !== 'end') throw new FormulaError(`expected an operator ${where(peek())}`)
  return { variables: [...variables], evaluate }
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
