import { RE2JS } from 're2js'
import { NodeFailure } from '#graph/define.ts'
import type { Budget } from './query-budget.ts'
import { tooLong } from './query-budget.ts'

const MOST_CHARACTERS = 200_000
const CHARACTERS_PER_STEP = 8

/** As much of JavaScript’s RegExp as the evaluator uses, on RE2’s linear-time engine. */
export function regexEngine(budget: Budget): new (given: RegExp) => unknown {
  return class {
    lastIndex = 0
    readonly #pattern: RE2JS
    #text: string | undefined
    #matcher: ReturnType<RE2JS['matcher']> | undefined

    constructor({ source, flags }: RegExp) {
      const options = (flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) | (flags.includes('m') ? RE2JS.MULTILINE : 0)
      try {
        this.#pattern = RE2JS.compile(RE2JS.translateRegExp(source), options)
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        throw new NodeFailure('QUERY', `/${source}/ is not a regular expression (RE2): ${why}`, { retry: false })
      }
    }

    exec(text: string): unknown {
      if (text.length > MOST_CHARACTERS)
        throw tooLong(`a regular expression reads at most ${MOST_CHARACTERS} characters, got ${text.length}`)
      if (this.#text !== text || !this.#matcher) this.#matcher = this.#pattern.matcher(text)
      this.#text = text
      const matcher = this.#matcher
      const from = this.lastIndex
      if (from > text.length || !matcher.find(from)) {
        budget.spend(1 + (text.length - from) / CHARACTERS_PER_STEP)
        this.lastIndex = 0
        return null
      }
      this.lastIndex = matcher.end()
      budget.spend(1 + (this.lastIndex - from) / CHARACTERS_PER_STEP)
      const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index) ?? undefined)
      return Object.assign(groups, { index: matcher.start() })
    }
  }
}
