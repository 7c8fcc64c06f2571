import { readFile } from 'node:fs/promises'
import { invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import { isObject } from './json.ts'
import type { Ability, ModelKind, ProviderModel } from './provider.ts'

/** What is known of a model beside its name. */
export interface Figures extends Omit<ProviderModel, 'name' | 'about'> {
  /** US dollars for a million tokens of input that the provider had cached. */
  readonly cachedPrice?: number
  readonly about?: string
  /** The day that they were looked up, `2026-11-21`. */
  readonly asOf: string
}

/** US dollars for a million tokens. */
export interface Price {
  readonly input: number
  readonly output: number
  readonly cached?: number
}

const BUILT_IN = new URL('./catalogue.json', import.meta.url)

/** Reads what is built in, and over it the operator's own file. Rejects with INVALID_ARGUMENT that names every problem of it. */
export async function readFigures(own: string): Promise<ReadonlyMap<string, Figures>> {
  const figures = new Map(parseFigures(await readFile(BUILT_IN, 'utf8'), 'catalogue.json'))
  for (const [id, more] of own === '' ? [] : parseFigures(await readText(own), own))
    figures.set(id, { ...figures.get(id), ...more })
  return new Map([...figures].map(([id, all]) => [id, { kind: 'chat', ...all }]))
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw invalid(
      `MODEL_CATALOGUE: "${path}" cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

const KINDS: readonly string[] = ['chat', 'embedding', 'image'] satisfies readonly ModelKind[]
const ABILITIES: readonly string[] = ['tools', 'images', 'schema', 'reasoning'] satisfies readonly Ability[]
const isAmount = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0
const isTokens = (value: unknown) => Number.isInteger(value) && isAmount(value) && Number(value) < 2 ** 32
const isDay = (value: unknown): value is string =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value))

/** Each field of a model: whether a value is right, and what was expected. */
const FIELDS: Readonly<Record<string, readonly [isRight: (value: unknown) => boolean, expected: string]>> = {
  kind: [value => KINDS.includes(String(value)), `one of ${KINDS.join(', ')}`],
  about: [value => typeof value === 'string', 'a text'],
  contextTokens: [isTokens, 'a whole number of tokens'],
  outputTokens: [isTokens, 'a whole number of tokens'],
  inputPrice: [isAmount, 'US dollars for a million tokens'],
  outputPrice: [isAmount, 'US dollars for a million tokens'],
  cachedPrice: [isAmount, 'US dollars for a million tokens'],
  abilities: [
    value => Array.isArray(value) && value.every(one => ABILITIES.includes(String(one))),
    `a list of ${ABILITIES.join(', ')}`,
  ],
  asOf: [isDay, 'a day, e.g. 2026-11-21'],
}

/** Throws INVALID_ARGUMENT with every problem. */
export function parseFigures(text: string, file: string): readonly (readonly [id: string, figures: Figures])[] {
  let whole: unknown
  try {
    whole = JSON.parse(text)
  } catch (error) {
    throw invalid(`MODEL_CATALOGUE: "${file}" is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  const problems: Problem[] = []
  const refuse = (path: string, message: string) => void problems.push({ path: `${file}: ${path}`, message })
  const { asOf, models } = isObject(whole) ? whole : {}
  if (!isDay(asOf)) refuse('asOf', 'expected the day that the figures were looked up, e.g. 2026-11-21')
  if (!isObject(models)) refuse('models', 'expected an object of models by `provider/model`')
  const read = Object.entries(isObject(models) ? models : {}).map(([id, model]) => {
    const path = `models["${id}"]`
    if (!/^[^/\s]+\/\S+$/.test(id)) refuse(path, 'expected a name of the form provider/model')
    if (!isObject(model)) refuse(path, 'expected an object')
    for (const [name, value] of Object.entries(isObject(model) ? model : {})) {
      const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined
      if (!field) refuse(`${path}.${name}`, `is none of ${Object.keys(FIELDS).join(', ')}`)
      else if (!field[0](value)) refuse(`${path}.${name}`, `${JSON.stringify(value)} is not ${field[1]}`)
    }
    return [id, { asOf: isDay(asOf) ? asOf : '', ...(model as object) }] as const
  })
  if (problems.length > 0) throw invalid(problems)
  return read
}

/** What a model costs; undefined where nobody knows. */
export function toPrice(figures: Omit<Figures, 'asOf'> | undefined): Price | undefined {
  const { inputPrice: input, outputPrice: output, cachedPrice: cached } = figures ?? {}
  // Embeddings have no output to pay for.
  if (input === undefined || (output === undefined && figures?.kind !== 'embedding')) return undefined
  return { input, output: output ?? 0, ...(cached === undefined ? {} : { cached }) }
}
