import { defineNode } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import { numberOf } from '../language/compare.ts'
import { parsePath, problemsOfPath, valueAt } from '../language/path.ts'
import { toText } from '../language/text.ts'

const KINDS = ['their kind', 'numbers', 'texts'] as const

export default defineNode({
  title: 'Sort',
  about:
    'Puts a list in order. Items that are alike stay in the order that they had; those without a value come last. Texts go by their characters, the same in every language.',
  icon: 'arrow-up-down',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      path: { type: 'string', title: 'By', default: '', description: 'Path within each item; empty: the item itself' },
      as: {
        type: 'string',
        title: 'As',
        enum: KINDS,
        default: 'their kind',
        description: 'By kind: numbers, then texts, then false and true, then the rest',
      },
      descending: { type: 'boolean', title: 'The greatest first', default: false },
      ignoreCase: { type: 'boolean', title: 'Ignore case', default: false },
    },
  },
  inputs: { list: { type: 'array', required: true } },
  outputs: { list: { type: 'array' } },
  check: problemsOfPath,
  run({ list }, { config }) {
    const steps = parsePath(config.path) ?? []
    const ranked = list.map(item => ({ item, rank: rankOf(valueAt(item, steps), config) }))
    const sign = config.descending ? -1 : 1
    ranked.sort(({ rank: a }, { rank: b }) => {
      if (a.kind === LAST || b.kind === LAST) return a.kind - b.kind
      return sign * (a.kind - b.kind || order(a.by, b.by))
    })
    return { outputs: { list: ranked.map(one => one.item) } }
  },
})

const LAST = 4

/** Its kind, then what counts among its kind. */
interface Rank {
  readonly kind: number
  readonly by: number | string
}

function rankOf(
  value: Json | undefined,
  { as, ignoreCase }: { readonly as: (typeof KINDS)[number]; readonly ignoreCase: boolean },
): Rank {
  if (value === undefined || value === null) return { kind: LAST, by: 0 }
  const text = (of: string): string => (ignoreCase ? of.toLowerCase() : of)
  if (as === 'texts') return { kind: 1, by: text(toText(value)) }
  if (as === 'numbers') {
    const number = numberOf(value)
    return number === undefined ? { kind: LAST, by: 0 } : { kind: 0, by: number }
  }
  if (typeof value === 'number') return { kind: 0, by: value }
  if (typeof value === 'string') return { kind: 1, by: text(value) }
  return typeof value === 'boolean' ? { kind: 2, by: Number(value) } : { kind: 3, by: 0 }
}

function order(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
