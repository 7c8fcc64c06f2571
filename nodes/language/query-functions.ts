// The functions of JSONata that could do too much at once, or that know a clock or chance.
import type { Json } from '#graph/json.ts'
import { keyOf } from './compare.ts'
import type { Budget, Native } from './query-budget.ts'
import { isFunction, isNative, tooLong } from './query-budget.ts'

/** All that JSONata brings along. */
export const BUILT_IN =
  'sum count max min average string substring substringBefore substringAfter lowercase uppercase length trim pad match contains replace split join formatNumber formatBase formatInteger parseInteger number floor ceil round abs sqrt power random boolean not map zip filter single reduce sift keys lookup append exists spread merge reverse each error assert type sort shuffle distinct base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl eval toMillis fromMillis clone now millis'.split(
    ' ',
  )

/** Variables of the evaluator. */
export interface Frame {
  lookup(name: string): unknown
  bind(name: string, value: unknown): void
  readonly base: Frame
  timestamp: Date
}

type Check = (args: readonly unknown[], budget: Budget) => void
type Instead = (this: unknown, implementation: Native['implementation'], args: readonly unknown[]) => unknown

/** Puts what is bounded and repeatable in place of JSONata’s own functions. */
export function guardFunctions(frame: Frame, budget: Budget, now: number, { random }: { random(): number }): void {
  frame.timestamp = new Date(now)
  const instead: Readonly<Record<string, Instead>> = { ...INSTEAD, ...outside(frame, now, random) }
  for (const name of BUILT_IN) {
    const native = frame.lookup(name)
    if (!isNative(native)) continue
    const { implementation } = native
    const other = instead[name]
    const run = function (this: unknown, ...args: unknown[]): unknown {
      CHECKS[name]?.(args, budget)
      budget.spend(1 + args.reduce<number>((sum, one) => sum + lengthOf(one) / 16, 0))
      const due = budget.yield()
      const work = () => (other ? other.call(this, implementation, args) : implementation.apply(this, args))
      return due ? due.then(work) : work()
    }
    // The evaluator reads how many arguments a function takes, and their names.
    Object.defineProperty(run, 'length', { value: implementation.length })
    Object.defineProperty(run, 'toString', { value: () => implementation.toString() })
    frame.bind(name, { ...native, implementation: run })
  }
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' || Array.isArray(value) ? value.length : 0
}

const MOST_CHARACTERS = 4_000_000
const MOST_PICTURE = 200
const MOST_QUERY = 20_000

const CHECKS: Readonly<Record<string, Check>> = {
  pad([, width, sign]) {
    const length = Math.abs(Number(width)) * Math.max(1, lengthOf(sign))
    if (length > MOST_CHARACTERS) throw tooLong(`$pad: more than ${MOST_CHARACTERS} characters`)
  },
  join([list, separator], budget) {
    const length = budget.weigh(list) + lengthOf(list) * lengthOf(separator)
    if (length > MOST_CHARACTERS) throw tooLong(`$join: more than ${MOST_CHARACTERS} characters`)
  },
  eval([query]) {
    if (lengthOf(query) > MOST_QUERY) throw tooLong(`$eval: more than ${MOST_QUERY} characters`)
  },
  formatNumber: ([, picture]) => checkPicture('formatNumber', picture),
  formatInteger: ([, picture]) => checkPicture('formatInteger', picture),
  parseInteger([text, picture]) {
    checkPicture('parseInteger', picture)
    if (lengthOf(text) > MOST_PICTURE) throw tooLong(`$parseInteger: more than ${MOST_PICTURE} characters`)
  },
  fromMillis: ([, picture]) => checkPicture('fromMillis', picture),
  toMillis([text, picture]) {
    checkPicture('toMillis', picture)
    if (lengthOf(text) > MOST_PICTURE / 2) throw tooLong(`$toMillis: more than ${MOST_PICTURE / 2} characters`)
    if (typeof picture === 'string' && ambiguousIn(picture) > 3)
      throw tooLong('$toMillis: too many parts of the picture have no sign between them and no width')
  },
}

function checkPicture(name: string, picture: unknown): void {
  if (lengthOf(picture) > MOST_PICTURE) throw tooLong(`$${name}: a picture of more than ${MOST_PICTURE} characters`)
}

/** Parts of a picture whose end is open: each multiplies what JSONata’s regular expression tries. */
function ambiguousIn(picture: string): number {
  const pieces = picture.split(/\[([^\]]*)\]/)
  return pieces.filter((part, at) => {
    if (at % 2 === 0 || at === pieces.length - 2) return false
    const isApart = /[^\p{L}\p{N}]/u.test(pieces[at + 1] ?? '') && !/w/i.test(part)
    return !isApart && !/\d\d/.test(part)
  }).length
}

const INSTEAD: Readonly<Record<string, Instead>> = {
  /** JSONata compares each with each. */
  distinct(implementation, args) {
    const [list] = args
    if (!Array.isArray(list) || list.length < 64 || list.some(isFunction)) return implementation.apply(this, [...args])
    const seen = new Set<string>()
    const left = (list as Json[]).filter(one => {
      const key = keyOf(one)
      return !seen.has(key) && seen.add(key)
    })
    if (!('sequence' in list)) return left
    const { createSequence } = this as { createSequence(): Json[] }
    const sequence = createSequence()
    sequence.push(...left)
    return sequence
  },
  /** JSONata copies the list for each item. */
  spread(implementation, args) {
    const [list] = args
    if (!Array.isArray(list) || list.some(one => Array.isArray(one) || isFunction(one)))
      return implementation.apply(this, [...args])
    const { createSequence } = this as { createSequence(): unknown[] }
    const parts = createSequence()
    for (const one of list as readonly unknown[])
      if (typeof one !== 'object' || one === null) parts.push(one)
      else for (const [key, value] of Object.entries(one)) parts.push({ [key]: value as unknown })
    // As JSONata does it: a list, also of one.
    return parts.length === 0 ? parts : [...parts]
  },
  /** JSONata waits for each comparison. */
  sort(implementation, args) {
    const [list, by] = args
    const isPlain = (type: string) => Array.isArray(list) && list.every(one => typeof one === type)
    if (by !== undefined || lengthOf(list) < 2 || !(isPlain('number') || isPlain('string')))
      return implementation.apply(this, [...args])
    return (list as (number | string)[]).toSorted((a, b) => (a > b ? 1 : a < b ? -1 : 0))
  },
}

/** The clock and the chance of the run. */
function outside(frame: Frame, now: number, random: () => number): Readonly<Record<string, Instead>> {
  return {
    random: () => random(),
    millis: () => now,
    now(_implementation, [picture, zone]) {
      const format = frame.lookup('fromMillis')
      return isNative(format) ? format.implementation.call(this, now, picture, zone) : new Date(now).toISOString()
    },
    shuffle(_implementation, [list]) {
      if (!Array.isArray(list)) return list
      const mixed: unknown[] = [...(list as unknown[])]
      for (let at = mixed.length - 1; at > 0; at--) {
        const other = Math.floor(random() * (at + 1))
        const [here, there] = [mixed[at], mixed[other]]
        mixed[at] = there
        mixed[other] = here
      }
      return mixed
    },
  }
}
