import type { Suite } from '../harness.ts'
import { measureIngest } from '../knowledge/ingest.ts'
import { measureRetrieval } from '../knowledge/retrieval.ts'
import { measureStore } from '../knowledge/store.ts'
import { tryRows } from '../mesh/attempt.ts'
import { openWorkshop } from '../start/programs.ts'

/** One of `ingest`, `store` and `retrieval`; absent: all. */
const PART = process.env['BENCH_PART']

/** Documents, and what is found of them. */
export const suite: Suite = {
  about: 'files to pieces, vectors and words found among many, how good the order of what is found is',
  async run(report) {
    const workshop = openWorkshop()
    const parts = {
      ingest: () => measureIngest(workshop),
      store: measureStore,
      retrieval: measureRetrieval,
    }
    try {
      for (const [name, measure] of Object.entries(parts))
        if (PART === undefined || PART === name) await tryRows(report, name, measure)
    } finally {
      await workshop.close()
    }
  },
}
