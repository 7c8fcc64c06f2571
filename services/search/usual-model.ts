import { isCoded } from '#mesh/errors.ts'
import type { Asking } from './source.ts'
import type { Wish } from './wish.ts'

/** The models whose collections hold what is embedded with the instance's default: its name, and the one of what has no vectors. */
export type UsualModels = (wish: Wish, asking: Asking) => Promise<readonly string[]>

const KEEP_MS = 60_000

/** Only who embeds learns the name. It is remembered, so that words are found while nobody can embed, and without embedding where nobody needs a vector. */
export function createUsualModels(now: () => number): UsualModels {
  let last = { name: '', at: 0 }
  return async ({ mode }, { vectorOf, signal }) => {
    const isFresh = last.name !== '' && now() - last.at < KEEP_MS
    if (mode === 'keyword' && isFresh) return [last.name, '']
    try {
      const { model } = await vectorOf('')
      last = { name: model, at: now() }
    } catch (error) {
      if (signal.aborted || last.name === '' || mode === 'vector' || !isCoded(error)) throw error
    }
    return [last.name, '']
  }
}
