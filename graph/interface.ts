import type { DataType } from './define.ts'
import type { SpellDocument, Problem } from './document.ts'
import type { Json, JsonObject, Values } from './json.ts'
import { isObject } from './json.ts'
import { show } from './schema.ts'
import { toType } from './sockets.ts'

/** An input of a spell: a `flow/input` node. */
export interface SpellInput {
  readonly name: string
  readonly type: DataType
  readonly default?: Json
  readonly required: boolean
  readonly description?: string
  /** The node's id. */
  readonly node: string
}
/** A named node at the border of a spell. */
export interface SpellPort {
  readonly name: string
  readonly node: string
}
/** What a spell takes and gives: it follows from its nodes. */
export interface SpellInterface {
  readonly inputs: readonly SpellInput[]
  readonly outputs: readonly SpellPort[]
  /** Flow inputs when used as a sub-spell; the default name is `in`. */
  readonly starts: readonly SpellPort[]
  /** Flow outputs when used as a sub-spell; none: it has `out`. */
  readonly exits: readonly SpellPort[]
}

/** Reads a spell's interface from its document, in the order of its nodes. An input's name defaults to its node's id. */
export function interfaceOf(document: SpellDocument): SpellInterface {
  const inputs: SpellInput[] = []
  const outputs: SpellPort[] = []
  const starts: SpellPort[] = []
  const exits: SpellPort[] = []
  for (const [node, { type, config }] of Object.entries(document.nodes)) {
    if (type === 'flow/input') inputs.push(toInput(node, config ?? {}))
    else if (type === 'flow/output') outputs.push({ name: text(config?.['name']) ?? node, node })
    else if (type === 'flow/start') starts.push({ name: text(config?.['name']) ?? 'in', node })
    else if (type === 'flow/exit') exits.push({ name: text(config?.['name']) ?? node, node })
  }
  return { inputs, outputs, starts, exits }
}

function toInput(node: string, config: JsonObject): SpellInput {
  const fallback = config['default']
  const description = text(config['description'])
  return {
    name: text(config['name']) ?? node,
    type: (text(config['type']) ?? 'any') as DataType,
    ...(fallback === undefined ? {} : { default: fallback }),
    required: fallback === undefined && config['required'] !== false,
    ...(description === undefined ? {} : { description }),
    node,
  }
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Checks what a run is given: unknown names, wrong types and missing values, all at once. Answers the values with defaults filled in. */
export function checkInputs(
  { inputs }: SpellInterface,
  given: unknown,
): { values: Values; problems?: undefined } | { values?: undefined; problems: Problem[] } {
  if (given !== undefined && !isObject(given))
    return { problems: [{ path: 'inputs', message: `expected an object, got ${show(given)}` }] }
  const passed: JsonObject = given ?? {}
  const problems: Problem[] = []
  const values: Values = {}
  const names = new Set(inputs.map(input => input.name))
  for (const name of Object.keys(passed)) {
    if (!names.has(name))
      problems.push({
        path: `inputs.${name}`,
        message: `is not an input of this spell; it has ${[...names].join(', ') || 'none'}`,
      })
  }
  for (const input of inputs) {
    const value = Object.hasOwn(passed, input.name) ? passed[input.name] : undefined
    if (value !== undefined) {
      const fitting = toType(value, input.type)
      if (fitting === undefined)
        problems.push({
          path: `inputs.${input.name}`,
          message: `expected ${input.type}, got ${show(value)}`,
          node: input.node,
        })
      else values[input.name] = fitting
    } else if (input.default !== undefined) values[input.name] = input.default
    else if (input.required)
      problems.push({ path: `inputs.${input.name}`, message: `is required (${input.type})`, node: input.node })
  }
  return problems.length > 0 ? { problems } : { values }
}
