import type { PropertyType } from '#mesh/knowledge.ts'
import type { Environment } from '#mesh/service.ts'

/** A collection as the service keeps it. Both drivers find whose it is, and what fits it, here. */
export interface Collection {
  /** Of the database: never given again, so what is made after it was deleted has another one. */
  readonly id: number
  /** A user's id; `:` and the name of a service that calls for nobody. */
  readonly owner: string
  readonly name: string
  /** Size of its vectors; 0: objects have none. */
  readonly dimensions: number
  readonly properties: Readonly<Record<string, PropertyType>>
}

export type PropertyValue = string | number | boolean | readonly string[]

/** An object to be stored. Checked: it fits its collection, and its id comes once. */
export interface StoreObject {
  readonly id: string
  /** Without NUL characters. */
  readonly text: string
  /** Finite, not all zeros, of the collection's size; undefined: it is found by words alone (one of zeros is near to nothing: it is left out). */
  readonly vector: readonly number[] | undefined
  readonly properties: Readonly<Record<string, PropertyValue>>
  /** Two letters, or empty. */
  readonly language: string
}

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'contains'

/** One condition. Checked: the property is there, the operator is one of its type's, the value is of its type (`in`: a list of them, at least one). */
export interface Condition {
  readonly property: string
  readonly type: PropertyType
  readonly operator: Operator
  readonly value: string | number | boolean | readonly (string | number | boolean)[]
}

/**
 * What objects must fit. An object without the property fits `!=` and no other operator. Of `texts`: `contains` and `in` (has one of these); of `boolean`: `=`, `!=` and `in`.
 */
export type Filter = { readonly all: readonly Filter[] } | { readonly any: readonly Filter[] } | Condition

/** What is looked for. Checked, and made simple: what cannot be done is left out before. */
export interface Question {
  /** Empty: not asked by words. */
  readonly text: string
  /** Undefined: not asked by vector. One of the two is there. */
  readonly vector: readonly number[] | undefined
  readonly filter: Filter | undefined
  /** 1 to 200. */
  readonly limit: number
  /** 0 to 1. Counts where it is asked by both. */
  readonly alpha: number
  readonly withVectors: boolean
  readonly exact: boolean
  /** Of the text, two letters, or empty. */
  readonly language: string
}

/** An object as it was found. */
export interface FoundObject {
  readonly object: StoreObject
  /** Cosine similarity; undefined: not asked by vector, or it has none. */
  readonly similarity: number | undefined
  /** Undefined: not asked by words, or it has none of them. */
  readonly wordsScore: number | undefined
  /** Places in the two lists, from 1; 0: not in it. */
  readonly vectorRank: number
  readonly wordRank: number
}

export interface Answer {
  /**
   * In any order: the service fuses the ranks and cuts to the limit. Of a question by both, what only one list has is there, too: each list is at least {@link depthOf} long
   * where so much is found.
   */
  readonly found: readonly FoundObject[]
  /** What was done otherwise than asked; empty: nothing. */
  readonly notice: string
}

export interface Stored {
  readonly stored: number
  readonly problems: readonly { readonly id: string; readonly message: string }[]
  /** Of these objects: how many wait for the store to come back. */
  readonly waiting: number
}

export interface DriverStats {
  readonly reachable: boolean
  /** By the collection's id. */
  readonly collections: ReadonlyMap<number, { readonly objects: number; readonly waiting: number }>
}

/** Where objects are kept. Input is checked before; collections are the caller's own. All methods throw coded errors; UNAVAILABLE: it cannot be asked now. */
export interface Driver {
  /** Whether vectors can be kept. */
  readonly vectors: boolean
  /**
   * Makes ready for a collection that is new, or that has new properties; it is called on each EnsureCollection, and is quick where nothing is to be done. Where the store
   * is away it may be done later, before the first write.
   */
  ensure(collection: Collection): Promise<void>
  upsert(collection: Collection, objects: readonly StoreObject[]): Promise<Stored>
  delete(
    collection: Collection,
    which: { readonly ids: readonly string[] } | { readonly filter: Filter },
  ): Promise<{ readonly deleted: number; readonly waiting: boolean }>
  /** Removes all of a collection, which the service forgets afterwards; it may be called again for the same one. Where the store is away it is noted. */
  deleteCollection(collection: Collection): Promise<void>
  query(collection: Collection, question: Question, signal: AbortSignal): Promise<Answer>
  /** Of these collections, which are one owner's. Never rejects because the store is away. */
  stats(collections: readonly Collection[]): Promise<DriverStats>
}

/** What a driver is made from. `database`: only for `store.ts` files. */
export interface DriverEnvironment extends Pick<
  Environment<{}, {}>,
  'database' | 'vectors' | 'alone' | 'instance' | 'log' | 'draining' | 'onStop'
> {
  readonly settings: {
    readonly WEAVIATE_URL: string
    readonly WEAVIATE_GRPC_URL: string
    readonly WEAVIATE_API_KEY: string
  }
}

/** A driver, whole. A file under `providers/` default-exports one. */
export interface ProviderDefinition {
  readonly name: string
  /** Undefined: it is not set up here. Resolves although the store is away. */
  open(environment: DriverEnvironment): Promise<Driver | undefined> | Driver | undefined
}

/** How long each list is before they are fused. */
export function depthOf(limit: number): number {
  return Math.max(50, 4 * limit)
}
