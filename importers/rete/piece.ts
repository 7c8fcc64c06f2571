import type { NodeDocument, Wire } from '#graph/document.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import type { Outcome } from '../importer.ts'
import type { ReteNode } from './chain.ts'

/** What stands for one foreign node: nodes of ours, and where its sockets are on them, as `node.socket`. */
export interface Piece {
  readonly nodes: Readonly<Record<string, NodeDocument>>
  readonly wires?: readonly Wire[]
  /** By the foreign socket's name. */
  readonly inputs: Readonly<Record<string, string>>
  readonly outputs: Readonly<Record<string, string>>
  /** Where flow enters and leaves, of a piece that must be triggered to do anything. */
  readonly flow?: { readonly in: string; readonly out: string }
  readonly outcome: Outcome
  readonly note?: string
}

/** What a component is turned into a piece with. */
export interface Making {
  /** The id that the piece's main node gets; others of it begin with that. */
  readonly id: string
  readonly node: ReteNode
  /** Sockets that edges stand at. */
  readonly usedInputs: readonly string[]
  readonly usedOutputs: readonly string[]
  /** The topmost of its kind. */
  readonly isFirst: boolean
  /** The model to use for one that the document names, and what must be said about that. */
  model(named: Json | undefined): { readonly model: string; readonly note: string }
}

/** A text of a node's data; empty: there is none. */
export function textOf(data: JsonObject, ...names: readonly string[]): string {
  for (const name of names) {
    const value = data[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return ''
}

/** A number of a node's data, which may be written as a text. */
export function numberOf(data: JsonObject, name: string): number | undefined {
  const value = data[name]
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** A socket that a person added to a node. */
export interface OwnSocket {
  readonly name: string
  /** What edges call it. */
  readonly key: string
  readonly isTrigger: boolean
}

/** The sockets that a person added, from `data.inputs` or `data.outputs`. */
export function ownSockets(data: JsonObject, side: 'inputs' | 'outputs'): readonly OwnSocket[] {
  const list = data[side]
  if (!Array.isArray(list)) return []
  return list.flatMap((one: Json) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return []
    const { name, socketKey, taskType, socketType } = one as JsonObject
    if (typeof name !== 'string' || name === '') return []
    return [
      {
        name,
        key: typeof socketKey === 'string' ? socketKey : name,
        isTrigger: taskType === 'option' || socketType === 'triggerSocket',
      },
    ]
  })
}

/** Lets flow pass and does nothing else. */
export function passage(): NodeDocument {
  return { type: 'flow/join', config: { mode: 'any' } }
}

/** Always the same value. */
export function constant(value: Json): NodeDocument {
  return { type: 'data/get', values: { from: value } }
}

/** Makes the piece of one component. */
export type Maker = (making: Making) => Piece
