import { Worker } from 'node:worker_threads'
import { precondition } from '#mesh/errors.ts'
import { isObject, parseJson } from './json.ts'
import type { Json, JsonObject } from './json.ts'
import { problemsOf } from './schema-check.ts'

const MOST_CHARACTERS = 64_000
const MOST_LEVELS = 64
const MOST_OF_PATH = 60
const TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']

/** What is wrong with a JSON Schema itself; undefined: nothing that can be seen. */
export function problemOfSchema(schema: JsonObject): string | undefined {
  // First: what is nested deep enough ends every function that follows it down.
  const problem = problemWithin(schema, '', 0)
  if (problem !== undefined) return problem
  const size = JSON.stringify(schema).length
  return size > MOST_CHARACTERS ? `takes ${size} characters; at most ${MOST_CHARACTERS}` : undefined
}

const VALUES = new Set(['const', 'enum', 'default', 'examples'])

function problemWithin(
  value: Json,
  path: string,
  level: number,
  within: 'schema' | 'value' = 'schema',
): string | undefined {
  if (level > MOST_LEVELS) return `${path.slice(0, MOST_OF_PATH)}…: is nested more than ${MOST_LEVELS} levels deep`
  if (typeof value !== 'object' || value === null) return undefined
  if (within === 'schema' && isObject(value)) {
    const problem = problemOfKeywords(value)
    if (problem !== undefined) return path === '' ? problem : `${path}: ${problem}`
  }
  for (const [name, inner] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`
    // What stands under these is a value, no schema.
    const isValue = within === 'value' || VALUES.has(name)
    const problem = problemWithin(inner as Json, at, level + 1, isValue ? 'value' : 'schema')
    if (problem !== undefined) return problem
  }
  return undefined
}

function problemOfKeywords({ type, pattern, $ref, enum: options }: JsonObject): string | undefined {
  const types = Array.isArray(type) ? type : [type]
  // An object here may also be a property of the name "type".
  if (types.some(one => typeof one === 'string' && !TYPES.includes(one)))
    return `the type ${JSON.stringify(type)} is none of ${TYPES.join(', ')}`
  if (typeof $ref === 'string' && !$ref.startsWith('#'))
    return `"${$ref}" is not within the schema: expected a reference that begins with #`
  if (options !== undefined && !Array.isArray(options) && !isObject(options)) return 'enum is no list'
  if (typeof pattern !== 'string') return undefined
  try {
    void new RegExp(pattern, 'u')
    return undefined
  } catch (error) {
    return `"${pattern}" is no pattern: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** What can take more time than the value is long. */
const COSTLY = /"(?:\$ref|\$recursiveRef|\$dynamicRef|pattern|patternProperties|propertyNames|format|uniqueItems)":/
const CHECK_MS = 2_000

/**
 * Everything in which a JSON text does not fit a schema; empty: it fits. Takes the event loop only for what is quick. Rejects with FAILED_PRECONDITION for what
 * takes more than two seconds.
 */
export async function checkAnswer(text: string, schema: JsonObject): Promise<readonly string[]> {
  const value = parseJson(text)
  if (value === undefined) return ['it is not JSON']
  return COSTLY.test(JSON.stringify(schema)) ? await checkAside(text, schema) : problemsOf(value, schema)
}

function checkAside(text: string, schema: JsonObject): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./schema-worker.ts', import.meta.url), {
      workerData: { text, schema },
      resourceLimits: { maxOldGenerationSizeMb: 128 },
      env: {},
      execArgv: [],
    })
    const timer = setTimeout(() => {
      reject(precondition(`the answer cannot be checked within ${CHECK_MS} ms: expected a simpler schema`))
      void worker.terminate()
    }, CHECK_MS)
    worker.once('message', (problems: readonly string[]) => resolve(problems))
    worker.once('error', reject)
    worker.once('exit', () => {
      clearTimeout(timer)
      resolve(['it cannot be checked'])
    })
  })
}

/** The JSON that stands among other words: in a fence, or from the first bracket to the last. */
export function jsonWithin(text: string): string | undefined {
  const fenced = /```(?:json)?\s*\n([\s\S]*?)\n?\s*```/.exec(text)?.[1]
  const from = text.search(/[[{]/)
  const to = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'))
  const within = from >= 0 && to > from ? text.slice(from, to + 1) : undefined
  return [fenced, within].find(one => one !== undefined && one !== text && parseJson(one) !== undefined)?.trim()
}
