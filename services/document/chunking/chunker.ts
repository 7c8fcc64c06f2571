import type { Block, Piece } from '../parsing/parser.ts'
import { isSpace, placeInLines, placeInProse, rankAt, sentenceFrom } from './places.ts'
import type { Place } from './places.ts'

/** How a text is cut. */
export interface ChunkerOptions {
  /** The most characters of a piece. */
  readonly size: number
  /** The most characters at the end of a piece with which the next one begins. */
  readonly overlap: number
  /** Pages are slides or sheets: no piece is on two of them. */
  readonly breakAtPages?: boolean
}
type TextBlock = Exclude<Block, { kind: 'page' }>
type Kind = Piece['kind']

/** Where a block stands in the text of the section, and what it is. */
interface Span {
  readonly from: number
  readonly to: number
  readonly kind: Kind
  readonly page: number
  readonly head: string
}

const JOINT = '\n\n'
const MOST_OF_PATH = 200
/** What is longer is no heading, whatever it is called. */
const MOST_OF_HEADING = 400
const LETTERS_KEPT = 32
/** What is cut off is let go of when it is as long as that. */
const LET_GO = 2 ** 12

/**
 * Cuts the blocks of a document into pieces: whole blocks of one section as long as they fit, else at rows, items, lines or sentences. Where a section must be cut
 * is decided by the words around the place, so a change in one place leaves the pieces far from it as they were.
 */
export class Chunker {
  readonly #options: ChunkerOptions
  #headings: { readonly level: number; readonly text: string }[] = []
  /** A heading that nothing has followed yet. */
  #bare: Piece | undefined
  #page = 0
  #length = 0
  /** The section's text from `#base` on, and its blocks that are not wholly in pieces. */
  #text = ''
  #base = 0
  #spans: Span[] = []
  /** Where the next piece's own text begins, and where it begins with what it repeats. */
  #start = 0
  #lead = 0
  #leadPage = 0
  #anything = false

  constructor(options: ChunkerOptions) {
    this.#options = { ...options, overlap: Math.min(options.overlap, options.size >> 1) }
  }

  /** UTF-16 units of the document's text so far. */
  get characters(): number {
    return this.#length
  }

  /** Whether there was no text at all. */
  get isEmpty(): boolean {
    return !this.#anything
  }

  /** The pieces that can be told after this block. */
  add(block: Block): readonly Piece[] {
    if (block.kind === 'page') return this.#turnTo(block.page, block.title)
    if (block.kind === 'heading' && block.text.length <= Math.min(MOST_OF_HEADING, this.#options.size))
      return this.#head(block.level, block.text)
    this.#append(block.kind === 'heading' ? { kind: 'text', text: block.text } : block)
    const pieces: Piece[] = []
    while (this.#overflows(this.#left)) pieces.push(this.#take(this.#place()))
    return pieces
  }

  /** The last pieces. */
  end(): readonly Piece[] {
    const pieces = this.#close()
    const bare = this.#bare
    this.#bare = undefined
    return bare ? [...pieces, bare] : pieces
  }

  #turnTo(page: number, title: string | undefined): readonly Piece[] {
    const ends = this.#options.breakAtPages === true || title !== undefined
    const pieces = ends ? this.end() : []
    if (ends) this.#headings = title === undefined ? [] : [{ level: 0, text: toHeading(title) }]
    this.#page = page
    return pieces
  }

  #head(level: number, text: string): readonly Piece[] {
    const closed = this.#close()
    const bare = this.#bare
    const above = this.#headings.filter(heading => heading.level < level)
    // One that the next is under is told by the next one's path.
    const isAbove = above.length === this.#headings.length
    const from = this.#advance(text)
    const page = this.#page
    const headings = above.map(heading => heading.text)
    this.#bare = { text, page, lastPage: page, headings, from, to: from + text.length, kind: 'text' }
    this.#headings = [...above, { level, text: toHeading(text) }]
    return bare && !isAbove ? [...closed, bare] : closed
  }

  /** Where a block's text begins in the document's. */
  #advance(text: string): number {
    const from = this.#anything ? this.#length + JOINT.length : 0
    this.#anything = true
    this.#length = from + text.length
    return from
  }

  #append(block: Exclude<TextBlock, { kind: 'heading' }>): void {
    this.#bare = undefined
    const from = this.#advance(block.text)
    if (this.#spans.length === 0) {
      this.#text = block.text
      this.#base = from
      this.#start = from
      this.#lead = from
      this.#leadPage = this.#page
    } else this.#text += JOINT + block.text
    const head = block.kind === 'table' ? (block.head ?? '') : ''
    this.#spans.push({ from, to: this.#length, kind: block.kind, page: this.#page, head })
  }

  get #left(): number {
    return this.#base + this.#text.length - this.#start
  }
  /** How many characters of its own the next piece can have. */
  get #room(): number {
    return this.#options.size - (this.#start - this.#lead) - this.#prefix.length
  }
  /** The head of the table in which the next piece begins. */
  get #prefix(): string {
    const [span] = this.#spans
    if (!span || span.head === '' || span.from > this.#start) return ''
    if (this.#start === span.from && this.#slice(span.from, span.to).startsWith(span.head)) return ''
    return span.head.length * 2 <= this.#options.size ? `${span.head}\n` : ''
  }

  #slice(from: number, to: number): string {
    return this.#text.slice(from - this.#base, to - this.#base)
  }

  /** Where to cut what is longer than a piece. */
  #place(): Place {
    const most = this.#start + this.#room
    const least = this.#start + (this.#room >> 1)
    const found = this.#betweenBlocks(least, most)
    if (found) return found
    const at = this.#spans.findIndex(span => span.to > most)
    const span = this.#spans[at]
    const before = this.#spans[at - 1]
    if (!span) throw new Error('there is nothing to cut')
    // It may be whole in the next one.
    if (before && before.to > this.#start && span.to - span.from <= this.#options.size)
      return { end: before.to, next: span.from }
    return this.#within(span, Math.max(least, span.from), most)
  }

  /** Whether so many characters are too many for a piece. What is repeated must not be why a block has to be cut. */
  #overflows(left: number): boolean {
    const [span] = this.#spans
    const fitsAlone = span !== undefined && span.from >= this.#start && span.to - this.#start <= this.#options.size
    if (fitsAlone && span.to - this.#start > this.#room) {
      this.#lead = this.#start
      this.#leadPage = span.page
    }
    return left > this.#room
  }

  #betweenBlocks(least: number, most: number): Place | undefined {
    let best: (Place & { readonly turns: boolean; readonly rank: number }) | undefined
    for (const [at, span] of this.#spans.entries()) {
      const next = this.#spans[at + 1]
      if (span.to > most || !next) break
      if (span.to < least) continue
      const turns = next.page !== span.page
      const rank = rankAt(this.#text, span.to - this.#base)
      if (!best || (turns && !best.turns) || (turns === best.turns && rank < best.rank))
        best = { end: span.to, next: next.from, turns, rank }
    }
    return best
  }

  #within(span: Span, least: number, most: number): Place {
    const [from, to] = [least - this.#base, most - this.#base]
    const place =
      (span.kind === 'text' ? undefined : placeInLines(this.#text, from, to)) ?? placeInProse(this.#text, from, to)
    return { end: place.end + this.#base, next: place.next + this.#base }
  }

  /** The piece that ends here; what follows begins with the end of it. */
  #take({ end, next }: Place): Piece {
    const piece = this.#piece(end)
    const own = this.#start
    const spans = this.#spans
    this.#spans = spans.filter(span => span.to > next)
    this.#start = next
    this.#lead = next
    if (this.#prefix === '') this.#lead = this.#overlap(spans, own, end)
    this.#leadPage = spans.find(span => span.to > this.#lead)?.page ?? this.#page
    const passed = this.#lead - LETTERS_KEPT - this.#base
    if (passed > LET_GO) {
      this.#text = this.#text.slice(passed)
      this.#base += passed
    }
    return piece
  }

  #piece(end: number): Piece {
    const spans = this.#spans.filter(span => span.from < end)
    const text = this.#prefix + this.#slice(this.#lead, end)
    const page = this.#leadPage
    const headings = this.#headings.map(heading => heading.text)
    const kind = kindOf(spans, this.#start, end)
    return { text, page, lastPage: spans.at(-1)?.page ?? page, headings, from: this.#lead, to: end, kind }
  }

  /** Where the next piece begins: with sentences of this one that are not longer than they may be, where both are prose. */
  #overlap(spans: readonly Span[], own: number, end: number): number {
    const tail = spans.filter(span => span.from < end)
    const [next] = this.#spans
    const within = next !== undefined && next.from < this.#start
    if (this.#options.overlap === 0 || !next || (within && next.kind !== 'text')) return this.#start
    let least = Math.max(own + 1, end - this.#options.overlap)
    for (const span of tail) if (span.kind !== 'text' && span.kind !== 'list') least = Math.max(least, span.to)
    if (least >= end) return this.#start
    const block = tail.find(span => span.from >= least)?.from ?? Infinity
    const from = least - this.#base
    const sentence = sentenceFrom(this.#text, from, end - this.#base)
    const begins = Math.min(block, sentence < 0 ? Infinity : sentence + this.#base)
    return begins < end ? begins : this.#start
  }

  /** All that is left of a section, as pieces. */
  #close(): Piece[] {
    const pieces: Piece[] = []
    while (this.#spans.length > 0) {
      const end = this.#base + trimmed(this.#text, this.#text.length)
      if (end <= this.#start) break
      const last = { end, next: this.#base + this.#text.length }
      pieces.push(this.#take(this.#overflows(end - this.#start) ? this.#place() : last))
    }
    this.#spans = []
    this.#text = ''
    this.#base = this.#length
    this.#start = this.#length
    this.#lead = this.#length
    return pieces
  }
}

function kindOf(spans: readonly Span[], from: number, to: number): Kind {
  const lengths = new Map<Kind, number>()
  for (const span of spans) {
    const length = Math.min(span.to, to) - Math.max(span.from, from)
    if (length > 0) lengths.set(span.kind, (lengths.get(span.kind) ?? 0) + length)
  }
  return [...lengths].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 'text'
}

function trimmed(text: string, end: number): number {
  let at = end
  while (at > 0 && isSpace(text.charCodeAt(at - 1))) at--
  return at
}

function toHeading(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return (line.length > MOST_OF_PATH ? `${line.slice(0, MOST_OF_PATH - 1)}…` : line).toWellFormed()
}
