import { createPgvectorDriver } from '../pgvector/driver.ts'
import { createFindingStore } from '../pgvector/store.ts'
import type { ProviderDefinition } from '../provider.ts'
import { createTableStore, readAbilities } from '../tables/store.ts'
import { createWritingStore } from '../writing/store.ts'

/** One statement of PGlite holds up the whole process: to put a vector into the index takes some milliseconds. */
const BATCHES_ALONE = { vectors: 8, words: 64, deleted: 128 }
const BATCHES = { vectors: 128, words: 512, deleted: 512 }

const definition: ProviderDefinition = {
  name: 'pgvector',
  async open({ database, vectors, alone, log }) {
    const abilities = await readAbilities(database, !alone)
    if (vectors && !abilities.vectors)
      log.warn({}, 'this pgvector is older than 0.8: vector search is off until the extension is updated')
    const tables = createTableStore(database, abilities)
    for (const collection of await tables.lost()) await tables.drop(collection)
    const finding = createFindingStore(database, abilities)
    const writing = createWritingStore(database)
    return createPgvectorDriver({ tables, writing, finding, abilities, batches: alone ? BATCHES_ALONE : BATCHES })
  },
}
export default definition
