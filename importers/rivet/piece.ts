import type { NodeDocument, Note, StateDeclaration, Wire } from '#graph/document.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import type { Outcome } from '../importer.ts'
import type { RivetGraph, RivetNode } from './project.ts'

/** What an output port gives: one value, a list, either of them; a `message` is `{role, content}`. */
export type PortKind = 'any' | 'list' | 'mixed' | 'message' | 'messages'

/** The kind of a port that passes on one of several values. */
export function mergeKinds(kinds: readonly (PortKind | undefined)[]): PortKind {
  const [first = 'any', ...others] = new Set(kinds.map(kind => kind ?? 'any'))
  return others.length === 0 ? first : 'mixed'
}

/** Where the value of an output port is here. */
export interface OutPort {
  /** `node.socket`. */
  readonly end: string
  readonly kind?: PortKind
  /** The value is the text of a message of this role. */
  readonly role?: string
  /** Rivet lets nothing after the port run where it "did not run": the output of the piece that tells, and which of its sides is meant. */
  readonly when?: When
  /** Nothing after it ever runs. */
  readonly never?: boolean
}
export interface When {
  /** `node.socket` of a boolean. */
  readonly flag: string
  readonly side: 'yes' | 'no'
  /** Only to be asked where what the node reads may be absent. */
  readonly isLazy?: boolean
}

/** What comes out of a port for those who read it. */
export function kindOfPort(port: OutPort | undefined): PortKind {
  return port?.role === undefined ? (port?.kind ?? 'any') : 'message'
}

/** Where an input port is here. */
export interface InPort {
  readonly end: string
  /** What it expects; absent: whatever comes. */
  readonly wants?: 'text' | 'messages' | 'prompt'
  /** With `prompt`: where what was said before goes. */
  readonly before?: string
  /** The node also runs where nothing comes. */
  readonly mayBeAbsent?: boolean
}

/** What stands for one node of Rivet. */
export interface Piece {
  readonly nodes: Readonly<Record<string, NodeDocument>>
  readonly wires?: readonly Wire[]
  readonly inputs: Readonly<Record<string, InPort>>
  readonly outputs: Readonly<Record<string, OutPort>>
  /** Where flow enters and leaves. Absent: it is evaluated when somebody asks. */
  readonly flow?: { readonly in: string; readonly out: string }
  /** The first of its inputs that is there makes it run. */
  readonly isRace?: boolean
  /** A result of the spell: without flow it is read at the end. */
  readonly isResult?: boolean
  readonly notes?: readonly Note[]
  readonly state?: Readonly<Record<string, StateDeclaration>>
  readonly outcome: Outcome
  readonly note?: string
}

/** Runs never, and nothing that reads it does. */
export const DISABLED: Piece = { nodes: {}, inputs: {}, outputs: {}, outcome: 'mapped' }

/** What another graph of the project takes and gives. */
export interface Callee {
  /** The name of its spell. */
  readonly name: string
  readonly inputs: readonly string[]
  readonly outputs: readonly { readonly name: string; readonly kind: PortKind; readonly mayBeAbsent: boolean }[]
}

/** What a piece is made with. */
export interface Making {
  /** The id of the piece's main node; others of it begin with that. */
  readonly id: string
  readonly node: RivetNode
  readonly graph: RivetGraph
  /** Ports that edges stand at. */
  readonly usedInputs: readonly string[]
  readonly usedOutputs: readonly string[]
  /** Kinds of what comes in, by port. */
  readonly kinds: ReadonlyMap<string, PortKind>
  /** The node here that stands for an earlier graph input of that name. */
  inputNamed(name: string): string | undefined
  callee(graph: string): Callee | undefined
  /** The model to use for one that the project names, and what must be said about that. */
  model(named: string): { readonly model: string; readonly note: string }
}

export function textOf(data: JsonObject, name: string, otherwise = ''): string {
  const value = data[name]
  return typeof value === 'string' ? value : otherwise
}

export function numberOf(data: JsonObject, name: string): number | undefined {
  const value = data[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** Always the same value. */
export function constant(value: Json): NodeDocument {
  return { type: 'data/get', values: { from: value } }
}

/** Ports `input1`, `input2` … that edges stand at, in order. */
export function numbered(used: readonly string[], prefix: string): string[] {
  const most = Math.max(0, ...used.map(port => Number(new RegExp(`^${prefix}([1-9]\\d{0,2})$`).exec(port)?.[1] ?? 0)))
  return Array.from({ length: most }, (_, index) => `${prefix}${index + 1}`)
}

/** The title, where it says more than what the node is. */
export function titled({ title, type }: RivetNode): { title?: string } {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '')
  return title.trim() === '' || plain(title) === plain(type) ? {} : { title: title.slice(0, 200) }
}

/** Joins what is to be said about a node. */
export function noted(...notes: readonly (string | false | undefined)[]): Pick<Piece, 'outcome' | 'note'> {
  const said = notes.filter(one => typeof one === 'string' && one !== '')
  return said.length > 0 ? { outcome: 'approximated', note: said.join('; ') } : { outcome: 'mapped' }
}

/** In a text of Rivet's settings, `\n` and `\t` are written out. */
export function unescaped(text: string): string {
  return text.replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('\\r', '\r')
}
