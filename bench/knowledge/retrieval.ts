import { performance } from 'node:perf_hooks'
import { embedded } from '#mesh/testing.ts'
import type { Clients } from '#mesh/testing.ts'
import type { Result } from '../harness.ts'
import { noGoal, toResult } from '../harness.ts'
import type { Goal } from '../harness.ts'
import { meanOf } from './retrieval/figures.ts'
import { THEMES } from './retrieval/set.ts'
import { askAll, takeIn } from './retrieval/take-in.ts'

const MODES = ['keyword', 'vector', 'hybrid'] as const
type Mode = (typeof MODES)[number]

/** How good the order of what is found is: the retrieval set through document, weaviate and search, with the built-in embeddings, in one process. */
export async function measureRetrieval(): Promise<Result[]> {
  const system = await embedded({ services: ['search'], settings: { SEARCH_TIMEOUT_MS: '60000' } })
  try {
    return await measure(system.as('bench'))
  } finally {
    await system.stop()
  }
}

async function measure(user: Clients): Promise<Result[]> {
  const themes = Object.values(THEMES)
  await takeIn(user, themes)
  const asked = new Map<Mode, Awaited<ReturnType<typeof askAll>>>()
  const took = new Map<Mode, number>()
  for (const mode of MODES) {
    const began = performance.now()
    asked.set(mode, await askAll(user, themes, { mode }))
    took.set(mode, performance.now() - began)
  }
  const meansOf = (mode: Mode, kind?: string) =>
    meanOf((asked.get(mode) ?? []).filter(one => kind === undefined || one.kind === kind).map(({ figures }) => figures))
  const questions = asked.get('hybrid') ?? []
  return [
    ...against('nDCG@10', mode => meansOf(mode).ndcg, moreThanIt),
    ...against('recall@10', mode => meansOf(mode).recall, noGoal),
    ...against('MRR', mode => meansOf(mode).mrr, noGoal),
    ...[...new Set(questions.map(({ kind }) => kind))].flatMap(kind =>
      against(`nDCG@10 of ${kind}`, mode => meansOf(mode, kind).ndcg, noGoal),
    ),
    ...MODES.map(mode =>
      toResult(`a question, ${mode}`, 'ms', [(took.get(mode) ?? 0) / questions.length], undefined, noGoal),
    ),
  ]
}

const moreThanIt: Goal = { text: 'ratio > 1', met: (_, ratio) => ratio !== null && ratio > 1 }

/** Hybrid against each of the two alone. */
function against(name: string, of: (mode: Mode) => number, goal: Goal): readonly Result[] {
  return (['keyword', 'vector'] as const).map(mode =>
    toResult(
      `retrieval, ${name}`,
      '%',
      [100 * of('hybrid')],
      { name: `${mode} alone`, values: [100 * of(mode)] },
      goal,
    ),
  )
}
