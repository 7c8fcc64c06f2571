import { NodeFailure } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'

/** The most characters that a node puts together. No run takes larger outputs anyway; beyond it a short config could fill the memory. */
const MOST_CHARACTERS = 2_000_000

/** A text in the making. */
export interface TextBuilder {
  /** Throws `TOO_LONG` where the text would grow beyond all measure. */
  add(piece: string): void
  /** All of it so far. */
  text(): string
}

/** Puts a text together piece by piece. */
export function createText(): TextBuilder {
  const pieces: string[] = []
  let length = 0
  return {
    add(piece) {
      length += piece.length
      if (length > MOST_CHARACTERS)
        throw new NodeFailure('TOO_LONG', `the text grew beyond ${MOST_CHARACTERS} characters`, { retry: false })
      pieces.push(piece)
    },
    text: () => pieces.join(''),
  }
}

/** A value as text: a text as it is, anything else as JSON. */
export function toText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
