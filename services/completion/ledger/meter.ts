// What one call spends, from its beginning to its end.
import { exhausted } from '#mesh/errors.ts'
import { costOf, dollars, isFree, renewalOf, wholeTokens, wordsOf } from './charge.ts'
import type { Period, Price, StoredBudget, Sum, Tokens } from './charge.ts'

/** What a call has spent, and what it may. */
export interface Meter extends AsyncDisposable {
  /**
   * Counts the next piece of what the model says, thinks or calls. Answers the words of a budget that is used up by it, e.g. `20,000 tokens a day of this user`:
   * then the request to the provider is to be closed.
   */
  spent(text: string): string | undefined
  /**
   * Writes the call into the ledger: what the provider says that it took, else what was counted. Resolves with that and its cost once it is committed.
   * A second time it does nothing but answer the same.
   */
  end(tokens: Tokens | undefined): Promise<Spent>
  /** Where it has not ended: writes what was counted, if the model had said anything; else nothing is charged. */
  [Symbol.asyncDispose](): Promise<void>
}

/** What a call took. */
export interface Spent extends Required<Tokens> {
  /** US dollars; absent: nobody knows the price. */
  readonly cost?: number
}

/** A limit of what may be spent. */
export interface Bound extends Sum {
  readonly scope: StoredBudget['scope']
  readonly period: Period
  /** What is used of it, as seen from here; undefined: it is this call's alone. */
  used(): Sum | undefined
}

interface MeterOptions {
  readonly bounds: readonly Bound[]
  readonly price: Price | undefined
  readonly inputTokens: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** What is counted while it streams. */
  count(more: Sum): void
  /** Its end: what it took in all, and what of it was counted already. */
  settle(spent: Spent, counted: Sum): Promise<void>
  /** Its end, where it took nothing. */
  forget(counted: Sum): void
}

/** Begins a call: what it is asked is counted. Throws RESOURCE_EXHAUSTED where that is more than is left. */
export function openMeter(options: MeterOptions): Meter {
  const first = sumOf({ inputTokens: options.inputTokens, outputTokens: 0 }, options.price)
  for (const bound of options.bounds) {
    const used = bound.used() ?? { tokens: 0, cost: 0 }
    const over = exceeded(bound, used, options.price) ?? exceeded(bound, used, options.price, first)
    if (over) throw usedUp(bound, over, used, first, options.at)
  }
  options.count(first)
  return new CallMeter(options, first)
}

class CallMeter implements Meter {
  readonly #options: MeterOptions
  #counted: Sum
  #outputBytes = 0
  #ended: Promise<Spent> | undefined

  constructor(options: MeterOptions, counted: Sum) {
    this.#options = options
    this.#counted = counted
  }

  spent(text: string): string | undefined {
    this.#outputBytes += Buffer.byteLength(text)
    if (this.#ended) return undefined
    const { bounds, price } = this.#options
    const sum = sumOf(this.#estimate(), price)
    const more = { tokens: sum.tokens - this.#counted.tokens, cost: sum.cost - this.#counted.cost }
    if (more.tokens > 0) {
      this.#counted = sum
      this.#options.count(more)
    }
    for (const bound of bounds) {
      const over = exceeded(bound, bound.used() ?? sum, price)
      if (over) return wordsOf(over, bound, bound.scope, bound.period)
    }
    return undefined
  }

  end(tokens: Tokens | undefined): Promise<Spent> {
    this.#ended ??= this.#end(tokens ?? this.#estimate())
    return this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return void (await this.#ended)
    if (this.#outputBytes > 0) return void (await this.end(undefined))
    this.#ended = Promise.resolve(NOTHING)
    this.#options.forget(this.#counted)
  }

  #estimate(): Tokens {
    return { inputTokens: this.#options.inputTokens, outputTokens: tokensOfBytes(this.#outputBytes) }
  }

  async #end(given: Tokens): Promise<Spent> {
    const tokens = wholeTokens(given)
    const cost = costOf(tokens, this.#options.price)
    const spent = { ...tokens, ...(cost === undefined ? {} : { cost }) }
    await this.#options.settle(spent, this.#counted)
    return spent
  }
}

const NOTHING: Spent = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0 }

/** About as many as most models make of it: four letters of Latin script each, one or two signs of Chinese. */
const tokensOfBytes = (bytes: number): number => Math.ceil(bytes / 4)

function sumOf(tokens: Tokens, price: Price | undefined): Sum {
  return { tokens: tokens.inputTokens + tokens.outputTokens, cost: costOf(tokens, price) ?? 0 }
}

/** Which side of a limit is used up; with `more`: would be passed. Money does not bind a model that is known to cost none. */
function exceeded(limit: Sum, used: Sum, price: Price | undefined, more?: Sum): 'tokens' | 'cost' | undefined {
  const over = (most: number, of: number, further: number | undefined) =>
    most > 0 && (further === undefined ? of >= most : of + further > most)
  if (over(limit.tokens, used.tokens, more?.tokens)) return 'tokens'
  return !isFree(price) && over(limit.cost, used.cost, more?.cost) ? 'cost' : undefined
}

function usedUp(bound: Bound, over: 'tokens' | 'cost', used: Sum, first: Sum, at: number) {
  const renewal = renewalOf(bound.period, at)
  const said = (sum: Sum) => (over === 'tokens' ? Math.ceil(sum.tokens).toLocaleString('en-US') : dollars(sum.cost))
  const numbers =
    used[over] >= bound[over]
      ? `${said(used)} used`
      : `${said(used)} used, and what is asked takes about ${said(first)} alone`
  const then =
    renewal === undefined
      ? ''
      : `; it begins anew at ${new Date(renewal).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return exhausted(`the budget of ${wordsOf(over, bound, bound.scope, bound.period)} is used up (${numbers})${then}`, {
    reason: 'BUDGET',
    details: {
      scope: bound.scope,
      period: bound.period,
      tokens: bound.tokens,
      cost: bound.cost,
      usedTokens: used.tokens,
      usedCost: used.cost,
      ...(renewal === undefined ? {} : { renewsAt: renewal }),
    },
  })
}
