import { CodedError, invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'

export interface JsonLimits {
  readonly depth: number
  readonly keys: number
  readonly stringCharacters: number
}
export const JSON_LIMITS: JsonLimits = { depth: 64, keys: 10_000, stringCharacters: 1024 * 1024 }
/** Of whole documents: a large spell has many keys. */
export const DOCUMENT_LIMITS: JsonLimits = { ...JSON_LIMITS, keys: 1_000_000 }

/** The reason of the error for a text that is no JSON at all. */
export const NOT_JSON = 'NOT_JSON'

/** Parses a JSON text from outside and checks its shape. Throws INVALID_ARGUMENT with every problem. */
export function parseJson(text: string, limits: JsonLimits): unknown {
  let value: unknown
  if (!isShallow(text, limits.depth)) throw invalid(`more than ${limits.depth} levels of JSON`)
  try {
    value = JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CodedError('INVALID_ARGUMENT', `not JSON: ${why}`, { reason: NOT_JSON })
  }
  const problems = checkShape(value, limits)
  if (problems.length > 0) throw invalid(problems)
  return value
}

/** Counts brackets before anything is built of them. */
function isShallow(text: string, most: number): boolean {
  let depth = 0
  let inString = false
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (inString) {
      if (unit === 92) index++
      else if (unit === 34) inString = false
    } else if (unit === 34) inString = true
    else if (unit === 123 || unit === 91) {
      if (++depth > most) return false
    } else if (unit === 125 || unit === 93) depth--
  }
  return true
}

const MOST_PROBLEMS = 20

function checkShape(value: unknown, { keys: most, stringCharacters }: JsonLimits): Problem[] {
  const problems: Problem[] = []
  let keys = 0
  const refuse = (path: string, message: string) => problems.length < MOST_PROBLEMS && problems.push({ path, message })
  const visit = (one: unknown, path: () => string): void => {
    if (typeof one === 'string') {
      if (one.length > stringCharacters) refuse(path(), `is longer than ${stringCharacters} characters`)
    } else if (typeof one === 'number') {
      // JSON.parse reads 1e999 so, and JSON.stringify writes null for it.
      if (!Number.isFinite(one)) refuse(path(), 'is a larger number than there is')
    } else if (Array.isArray(one)) one.forEach((item, index) => visit(item, () => `${path()}[${index}]`))
    else if (typeof one === 'object' && one !== null) {
      for (const [key, item] of Object.entries(one)) {
        keys++
        const inner = () => (path() === '' ? key : `${path()}.${key}`)
        if (key === '__proto__') refuse(inner(), 'is not allowed as a key')
        else visit(item, inner)
      }
    }
  }
  visit(value, () => '')
  if (keys > most) refuse('', `${keys} keys; at most ${most}`)
  return problems
}
