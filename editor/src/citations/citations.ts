import { isObject } from '#graph/json.ts'
import type { Json, Values } from '#graph/json.ts'

/** Where something is said: a piece of a document. */
export interface Citation {
  /** As texts refer to it: `[1]`. */
  readonly n: number
  readonly chunkId: string
  readonly documentId: string
  /** Empty: nobody knows. */
  readonly title: string
  /** 0: nobody knows. */
  readonly page: number
  readonly text: string
}

const MOST = 100

/** The citations that a value is, alone or as a list of nothing else; none: it is something else. */
export function citationsOf(value: Json | undefined): readonly Citation[] {
  if (!Array.isArray(value)) {
    const one = toCitation(value, 1)
    return one ? [one] : []
  }
  if (!toCitation(value[0] as Json | undefined, 1)) return []
  const all = value.slice(0, MOST).map((one, index) => toCitation(one as Json, index + 1))
  return all.every(one => one !== undefined) ? all : []
}

function toCitation(value: Json | undefined, position: number): Citation | undefined {
  if (!isObject(value)) return undefined
  const { n, chunkId, documentId, title, page, text } = value
  if (typeof chunkId !== 'string' || typeof documentId !== 'string' || chunkId === '' || documentId === '')
    return undefined
  return {
    n: typeof n === 'number' && Number.isInteger(n) && n > 0 ? n : position,
    ...{ chunkId, documentId },
    title: typeof title === 'string' ? title : '',
    page: typeof page === 'number' && Number.isInteger(page) && page > 0 ? page : 0,
    text: typeof text === 'string' ? text : '',
  }
}

/** The same of a list that has hits of other sources as well. */
function citationsIn(value: Json): readonly Citation[] {
  const isOther = (one: Json) => isObject(one) && typeof one['source'] === 'string' && one['source'] !== 'documents'
  if (!Array.isArray(value) || !value.some(isOther)) return citationsOf(value)
  const all = value.slice(0, MOST).map((one, index) => (isOther(one) ? null : toCitation(one, index + 1)))
  return all.every(one => one !== undefined) ? all.filter(one => one !== null) : []
}

/** The citations among a node's values, those of the first value that has any. */
export function citationsAmong(values: Values): readonly Citation[] {
  for (const value of Object.values(values)) {
    const found = citationsIn(value)
    if (found.length > 0) return found
  }
  return []
}

/** A part of a text: its words, or a reference to a citation that is known. */
export type CitedPart = { readonly text: string } | { readonly text: string; readonly citation: Citation }

const NUMBERS = /(\[\d{1,3}(?:\s*[,;]\s*\d{1,3})*\])/
const NUMBER = /(\d{1,3})/

/** A text with its `[1]` and `[2, 3]` as references to citations. What refers to none stays as it is. */
export function citedParts(text: string, citations: readonly Citation[]): readonly CitedPart[] {
  const known = new Map(citations.map(one => [one.n, one]))
  const parts = text.split(NUMBERS).flatMap((piece, index): CitedPart[] => {
    if (index % 2 === 0) return [{ text: piece }]
    const numbers = piece.match(/\d+/g) ?? []
    if (!numbers.some(one => known.has(Number(one)))) return [{ text: piece }]
    if (numbers.length === 1) {
      const citation = known.get(Number(numbers[0]))
      return citation ? [{ text: numbers[0] ?? '', citation }] : [{ text: piece }]
    }
    return piece.split(NUMBER).map((part, at) => {
      const citation = at % 2 === 1 ? known.get(Number(part)) : undefined
      if (citation) return { text: part, citation }
      return { text: at % 2 === 1 ? `[${part}]` : '' }
    })
  })
  return parts.filter(({ text: shown }) => shown !== '')
}

/** Whether a text refers to any of these. */
export function refersTo(text: string, citations: readonly Citation[]): boolean {
  return citations.length > 0 && citedParts(text, citations).some(part => 'citation' in part)
}

/** `Owls, page 3`. */
export function citationInWords({ title, page }: Citation): string {
  return [title || 'a document', page > 0 && `page ${page}`].filter(Boolean).join(', ')
}
