/** What a document can be. */
export type DocumentType = 'pdf' | 'docx' | 'pptx' | 'xlsx' | 'html' | 'markdown' | 'text' | 'csv' | 'json'

/** A piece of a document's structure, in the order of reading. */
export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2 | 3 | 4 | 5 | 6; readonly text: string }
  | { readonly kind: 'text' | 'list' | 'code'; readonly text: string }
  /** Rows with their cells joined by ` | `. `head`: the line to repeat where the table is cut. */
  | { readonly kind: 'table'; readonly text: string; readonly head?: string }
  /** What follows is on this page, slide or sheet, from 1. `title`: a sheet's name. */
  | { readonly kind: 'page'; readonly page: number; readonly title?: string }

/** What a parser is given. */
export interface ParserInput {
  /** A file of this computer. */
  readonly path: string
  readonly sizeBytes: number
  /** The file's name as it was sent. */
  readonly name: string
  /** Of text formats: the encoding that was found, a label of the Encoding Standard. */
  readonly encoding: string
  readonly limits: ParserLimits
  /** Tells how far it is, 0 to 1. */
  progress(fraction: number): void
  /** Tells the file's own title. */
  title(text: string): void
  /** Tells how many pages, slides or sheets there are. */
  pages(count: number): void
  /** Tells what was left out. */
  notice(text: string): void
}
export interface ParserLimits {
  readonly pages: number
  /** Of what is unpacked, in all. */
  readonly unpackedBytes: number
  /** UTF-16 units of text. */
  readonly characters: number
}

/** One format. `services/document/parsers/<type>.ts` default-exports one. Runs in a worker thread. */
export interface Parser {
  readonly type: DocumentType
  /** Its structure, as it is read: a large file is not held in memory where the format allows that. Throws {@link ParseFailure}. */
  parse(input: ParserInput): AsyncIterable<Block>
}

export type ParseFailureCode =
  | 'ENCRYPTED'
  | 'BROKEN'
  | 'ZIP_BOMB'
  | 'TOO_MANY_PAGES'
  | 'EMPTY'
  | 'BINARY'
  | 'UNSUPPORTED'
  | 'TOO_LONG'
  | 'NO_TEXT'
  | 'TIMEOUT'
  | 'MEMORY'

/** Why a file cannot be read. The message reaches the person. */
export class ParseFailure extends Error {
  readonly code: ParseFailureCode
  constructor(code: ParseFailureCode, message: string) {
    super(message)
    this.code = code
  }
}

/** A piece of text, before it has an id. Offsets are UTF-16 units of the document's text: all blocks' texts with two line feeds between them. */
export interface Piece {
  readonly text: string
  /** 0: the document has no pages. */
  readonly page: number
  readonly lastPage: number
  readonly headings: readonly string[]
  readonly from: number
  readonly to: number
  readonly kind: 'text' | 'table' | 'code' | 'list'
}

/** What comes out of reading a file, in this order: `type` once, pieces in batches, `end` once. */
export type Reading =
  | { readonly kind: 'type'; readonly type: DocumentType; readonly encoding: string }
  | { readonly kind: 'pieces'; readonly pieces: readonly Piece[]; /** 0 to 1. */ readonly progress: number }
  | {
      readonly kind: 'end'
      readonly title: string
      /** Two letters; empty: nobody knows. */
      readonly language: string
      readonly pages: number
      readonly characters: number
      readonly notices: readonly string[]
    }

/** What is asked of the reading threads. */
export interface ReadingRequest {
  readonly path: string
  readonly name: string
  readonly mediaType: string
  readonly chunking: { readonly size: number; readonly overlap: number }
  readonly limits: ParserLimits & { readonly timeMs: number }
}

/** Worker threads that read files. */
export interface ReadingThreads extends AsyncDisposable {
  /** Reads one file in a thread of its own; waits while all are at work. At most two batches are ahead of who reads them. Throws {@link ParseFailure}; what the signal aborts rejects with its reason. */
  read(request: ReadingRequest, signal: AbortSignal): AsyncIterable<Reading>
}
