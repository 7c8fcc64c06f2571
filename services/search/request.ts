import type { Filter, SearchRequest } from '#gen/spellmesh/search/v1/search.ts'
import { invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import { conditionsIn, fieldsOf, findField } from './fields.ts'
import { readJson } from './json.ts'
import { MODES, OPERATORS, RERANKS, SOURCES, WEB_PROVIDERS } from './wish.ts'
import type { Condition, Scalar, SourceName, Wish } from './wish.ts'

const MOST_CHARACTERS = 8_000
const MOST_COLLECTIONS = 32
const MOST_TYPES = 32
const MOST_FILTERS = 16
const MOST_VALUES = 32
/** Of the store's 64, some are of collections, types and times. */
const MOST_CONDITIONS = 56
const MOST_TEXT = 1_000
const MOST_HITS = 100
const USUAL_HITS = 10

type Refuse = (path: string, message: string) => void

/** Checks a search. Throws INVALID_ARGUMENT with every bad field. */
export function readRequest(request: SearchRequest, usualAlpha: number): Wish {
  const problems: Problem[] = []
  const refuse: Refuse = (path, message) => void problems.push({ path, message })
  const query = readQuery(request.query, refuse)
  const sources = readSources(request.sources, refuse)
  const mode = readWord('mode', request.mode || 'hybrid', MODES, refuse) ?? 'hybrid'
  const rerank = readWord('rerank', request.rerank || 'none', RERANKS, refuse) ?? 'none'
  const webProvider =
    request.webProvider === '' ? undefined : readWord('webProvider', request.webProvider, WEB_PROVIDERS, refuse)
  const { collections, types, from, to, alpha = usualAlpha, rerankModel, perDocument } = request
  readTexts('collections', collections, MOST_COLLECTIONS, refuse)
  readTexts('types', types, MOST_TYPES, refuse)
  if (to !== 0 && from >= to) refuse('to', `${to} is not later than from, ${from}`)
  if (request.limit > MOST_HITS) refuse('limit', `${request.limit} is not from 1 to ${MOST_HITS}`)
  if (!(alpha >= 0 && alpha <= 1)) refuse('alpha', `${alpha} is not from 0 to 1`)
  const conditions = readFilters(request.filters, sources, refuse)
  if (problems.length > 0) throw invalid(problems)
  return {
    query,
    sources,
    mode,
    collections: [...new Set(collections)],
    types: [...new Set(types)],
    from,
    to,
    conditions,
    limit: request.limit || USUAL_HITS,
    alpha: mode === 'hybrid' ? alpha : mode === 'vector' ? 1 : 0,
    rerank,
    rerankModel,
    perDocument,
    ...(webProvider === undefined ? {} : { webProvider }),
  }
}

/** Without NUL and halves of pairs, which databases refuse. */
function readQuery(given: string, refuse: Refuse): string {
  if (given.length > MOST_CHARACTERS) {
    refuse('query', `${given.length} characters; at most ${MOST_CHARACTERS}`)
    return ''
  }
  const query = given.toWellFormed().replaceAll('\0', ' ').trim()
  if (query === '') refuse('query', 'must not be empty')
  return query
}

function readSources(given: readonly string[], refuse: Refuse): readonly SourceName[] {
  if (given.length === 0) return ['documents']
  given.forEach((one, index) => {
    if (!SOURCES.some(name => name === one)) refuse(`sources[${index}]`, noneOf(one, SOURCES))
  })
  return SOURCES.filter(name => given.includes(name))
}

function readWord<T extends string>(path: string, given: string, words: readonly T[], refuse: Refuse): T | undefined {
  const found = words.find(word => word === given)
  if (found === undefined) refuse(path, noneOf(given, words))
  return found
}

function readTexts(path: string, given: readonly string[], most: number, refuse: Refuse): void {
  if (given.length > most) return refuse(path, `${given.length}; at most ${most}`)
  given.forEach((one, index) => {
    if (one === '') refuse(`${path}[${index}]`, 'must not be empty')
    else if (one.length > MOST_TEXT) refuse(`${path}[${index}]`, `${one.length} characters; at most ${MOST_TEXT}`)
  })
}

function readFilters(filters: readonly Filter[], sources: readonly SourceName[], refuse: Refuse): readonly Condition[] {
  if (filters.length > MOST_FILTERS) {
    refuse('filters', `${filters.length}; at most ${MOST_FILTERS}`)
    return []
  }
  const read = filters.flatMap((filter, index) => readFilter(filter, `filters[${index}]`, sources, refuse))
  const weight = read.reduce((sum, condition) => sum + conditionsIn(condition), 0)
  if (weight > MOST_CONDITIONS)
    refuse('filters', `are ${weight} conditions, each value of a list counted; at most ${MOST_CONDITIONS}`)
  return read
}

function readFilter(
  { field: name, operator: given, value: bytes }: Filter,
  path: string,
  sources: readonly SourceName[],
  refuse: Refuse,
): readonly Condition[] {
  const field = findField(name, sources)
  if (!field) {
    const known = sources.flatMap(source => fieldsOf(source)).join(', ')
    refuse(
      `${path}.field`,
      `"${shortened(name)}" is not known: ${known === '' ? 'nothing of the web can be filtered' : `expected one of ${known}`}`,
    )
  }
  const operator = readWord(`${path}.operator`, given || '=', OPERATORS, refuse)
  const values = readValues(readJson(bytes), operator === 'in')
  if (!values)
    refuse(
      `${path}.value`,
      operator === 'in' ? `expected a list of 1 to ${MOST_VALUES} ${SCALARS}` : `expected one of ${SCALARS}`,
    )
  if (!field || !operator || !values) return []
  const problem = field.problemOf(operator, values)
  if (problem) refuse(`${path}.${problem.part}`, problem.message)
  return [{ field: name, operator, values }]
}

const SCALARS = `texts of at most ${MOST_TEXT} characters, numbers or booleans`

function readValues(value: unknown, isList: boolean): readonly Scalar[] | undefined {
  if (!isList) return isScalar(value) ? [value] : undefined
  return Array.isArray(value) && value.length > 0 && value.length <= MOST_VALUES && value.every(isScalar)
    ? value
    : undefined
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string'
    ? value.length <= MOST_TEXT && !value.includes('\0')
    : typeof value === 'number' || typeof value === 'boolean'
}

const noneOf = (given: string, words: readonly string[]) => `"${shortened(given)}" is none of ${words.join(', ')}`
const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text)
