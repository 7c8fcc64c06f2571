import { setImmediate } from 'node:timers/promises'
import { notFound } from '#mesh/errors.ts'
import type { Collection, Driver, Filter, StoreObject } from '../provider.ts'
import type { Abilities, TableStore } from '../tables/store.ts'
import type { WordedObject, WritingStore } from '../writing/store.ts'
import { createAsking } from './asking.ts'
import type { FindingStore } from './store.ts'
import { createToVectors } from './forms.ts'
import type { FormsStore } from './forms.ts'
import { createTurns } from './turns.ts'
import { toConfiguration, toWords } from './words.ts'

interface Parts {
  readonly tables: TableStore
  readonly writing: WritingStore
  readonly finding: FindingStore
  readonly abilities: Abilities
  /** How many objects one commit writes or deletes. */
  readonly batches: { readonly vectors: number; readonly words: number; readonly deleted: number }
}

/** Keeps objects in the database itself. */
export function createPgvectorDriver({ tables, writing, finding, abilities, batches }: Parts): Driver {
  const configurationOf = (language: string) => toConfiguration(language, abilities.configurations)
  const asking = createAsking(finding, configurationOf)
  // Those who write to one collection wait for each other: here, so that they do not hold a connection meanwhile.
  const turns = createTurns()
  const withWords = createWithWords(writing, configurationOf)

  async function remove(collection: Collection, ids: readonly string[]): Promise<number> {
    let deleted = 0
    for (let at = 0; at < ids.length; at += batches.deleted) {
      if (at > 0) await setImmediate()
      const some = ids.slice(at, at + batches.deleted)
      deleted += await turns(collection.id, () => writing.remove(collection, some))
    }
    return deleted
  }

  async function removeFitting(collection: Collection, filter: Filter): Promise<number> {
    for (let deleted = 0; ;) {
      const ids = await finding.fitting(collection, filter, FITTING)
      deleted += await remove(collection, ids)
      if (ids.length < FITTING) return deleted
    }
  }

  const attempt = <T>(collection: Collection, work: () => Promise<T>) => attemptWith(tables, collection, work)

  return {
    vectors: abilities.vectors,
    ensure: collection => tables.make(collection),
    async upsert(collection, objects) {
      const batch = objects.some(({ vector }) => vector) ? batches.vectors : batches.words
      for (let at = 0; at < objects.length; at += batch) {
        if (at > 0) await setImmediate()
        const written = await withWords(objects.slice(at, at + batch))
        const write = () => turns(collection.id, () => writing.write(collection, written))
        if (!(await attempt(collection, write))) throw gone(collection)
      }
      return { stored: objects.length, problems: [], waiting: 0 }
    },
    async delete(collection, which) {
      const deleted = await attempt(collection, () =>
        'ids' in which ? remove(collection, which.ids) : removeFitting(collection, which.filter),
      )
      return { deleted, waiting: false }
    },
    deleteCollection: ({ id }) => tables.drop(id),
    query: (collection, question) => attempt(collection, () => asking.ask(collection, question)),
    async stats(collections) {
      const sums = await finding.sums(collections.map(({ id }) => id))
      return {
        reachable: true,
        collections: new Map([...sums].map(([id, { objects }]) => [id, { objects, waiting: 0 }])),
      }
    },
  }
}

type WithWords = (objects: readonly StoreObject[]) => Promise<readonly WordedObject[]>

/** What is in no language that anybody named is taken for English. */
function createWithWords(store: FormsStore, configurationOf: (language: string) => string | undefined): WithWords {
  const toVectors = createToVectors(store)
  return async objects => {
    const worded = objects.map(({ text, language }) => ({
      words: toWords(text),
      configuration: configurationOf(language || 'en') ?? null,
    }))
    const vectors = await toVectors(worded)
    return objects.map((object, index) => ({
      ...object,
      words: vectors[index] ?? '',
      length: worded[index]?.words.length ?? 0,
    }))
  }
}

/** How many are deleted by filter before it is looked again. */
const FITTING = 1_000

/** A column is missing where a process ended after it had noted a property, or where pgvector was installed meanwhile. */
async function attemptWith<T>(tables: TableStore, collection: Collection, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (stateOf(error) === NO_TABLE) throw gone(collection, error)
    if (stateOf(error) !== NO_COLUMN) throw error
    await tables.make(collection)
    return work()
  }
}

/** SQLSTATEs. The tables of a collection go with it. */
const NO_TABLE = '42P01'
const NO_COLUMN = '42703'

function stateOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}

function gone({ name }: Collection, cause?: unknown) {
  return notFound(`there is no collection "${name}": it was deleted meanwhile`, { cause })
}
