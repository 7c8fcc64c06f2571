import type { Problem, SpellDocument } from '#graph/document.ts'
import type { Json } from '#graph/json.ts'

/** How well one foreign node came over. `missing`: kept as it was, shown, and never run. */
export type Outcome = 'mapped' | 'approximated' | 'missing'

/** What became of one foreign node. */
export interface ReportedNode {
  /** The id of the node that stands for it. */
  readonly node: string
  /** What it was called where it came from. */
  readonly component: string
  readonly outcome: Outcome
  /** What differs, and what a person may want to do about it; `''` where nothing does. */
  readonly note: string
}

/** What an import did: every node, and what was odd about the document as a whole. */
export interface ImportReport {
  readonly format: string
  readonly nodes: readonly ReportedNode[]
  readonly notes: readonly string[]
}

export interface ImportOptions {
  /** Models that can be named here, as `provider/model` or bare. Absent: no model of the document is questioned. */
  readonly models?: readonly string[]
  /** What runs in place of a model that is not among `models`: for the report. */
  readonly defaultModel?: string
}

/** What came of an import. */
export interface Converted {
  readonly document: SpellDocument
  readonly report: ImportReport
  /** Further spells that the same file holds, each with its own report: the document, or one of them, calls them by their names. */
  readonly spells?: readonly { readonly document: SpellDocument; readonly report: ImportReport }[]
}

/** A place of a foreign document that something of a spell may have come from. */
export interface Slot {
  readonly value: Json | undefined
  /** The whole foreign document with another value there. */
  put(value: Json): Json
}

/** What a spell was imported from, for the way back. Foreign documents are JSON here; none is changed, changed ones are answered. */
export interface Original {
  readonly value: Json
  /** The main spell of a document. `knowsModels`: whether all models that it names are there. Throws an {@link ImportError}. */
  convert(value: Json, knowsModels: boolean): SpellDocument
  /** Where what stands at a path of the spell (of its node, if that is in one) may come from. */
  slots(value: Json, path: string, node: string | undefined): readonly Slot[]
  /** Moves what a node of the spell stands for; undefined: nothing stands for that one alone. */
  move(value: Json, node: string, by: readonly [x: number, y: number]): Json | undefined
  /** As the file holds it: JSON, or its text. */
  write(value: Json): Json
}

/** Turns one foreign format into spells. One file each under `importers/`, which default-exports it. Pure: no I/O, no clock. */
export interface Importer {
  readonly format: string
  readonly title: string
  /** Whether a document looks like this format: JSON, or the text of a file that is none. Never throws. */
  recognises(document: unknown): boolean
  /** `document`: JSON, or the text of a file that is none. Throws an {@link ImportError}, and nothing else. */
  convert(document: unknown, options?: ImportOptions): Converted
  /** Reads what an import kept, for the way back. Absent: there is none. Throws an {@link ImportError}. */
  original?(kept: Json): Original
}

/** Why a document is not of the format: all of it, with paths into the foreign document. */
export class ImportError extends Error {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; '))
    this.problems = problems
  }
}
