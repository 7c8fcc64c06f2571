// What is spent and what may be: money, periods and words. Knows no database.
import { saysCharge } from '#mesh/charge.ts'
import type { Identity } from '#mesh/identity.ts'
import type { Origin, SpendLimit } from '#gen/spellmesh/completion/v1/completion.ts'

/** US dollars for a million tokens. */
export interface Price {
  readonly input: number
  readonly output: number
  /** Of input that the provider had cached. Absent: as `input`. */
  readonly cached?: number | undefined
}

/** What a call took. */
export interface Tokens {
  readonly inputTokens: number
  readonly outputTokens: number
  /** Of the input. */
  readonly cachedTokens?: number | undefined
  /** Of the output. */
  readonly reasoningTokens?: number | undefined
}

/** What a call is charged to, and what it may spend. */
export interface Charge {
  readonly caller: Identity
  /** Not believed of everybody. */
  readonly origin?: Partial<Origin> | undefined
  readonly limits?: readonly SpendLimit[] | undefined
  /** `provider/model`. */
  readonly model: string
  readonly inputTokensEstimate: number
  /** Ends the wait for a database that is away. */
  readonly signal?: AbortSignal | undefined
}

/** Tokens in and out, and US dollars. */
export interface Sum {
  readonly tokens: number
  readonly cost: number
}

/** A running sum, by its key in the table `spent`. */
export interface Account {
  readonly owner: string
  readonly scope: Scope
  readonly target: string
  /** `2026-11-21`, `2026-11` or `total`. */
  readonly period: string
}
type Scope = 'user' | 'agent' | 'spell' | 'run'

/** A budget as it is kept. */
export interface StoredBudget extends Sum {
  readonly id: string
  readonly owner: string
  readonly scope: Scope | 'node'
  readonly target: string
  readonly period: Period
}
export type Period = 'day' | 'month' | 'total'
export const SCOPES = ['user', 'agent', 'spell', 'run', 'node'] as const
export const PERIODS = ['day', 'month', 'total'] as const

/** What this many tokens cost; undefined: nobody knows, because the price is not known or the vendor tells no tokens. */
export function costOf(tokens: Tokens, price: Price | undefined): number | undefined {
  if (!price) return undefined
  if (isFree(price)) return 0
  if (tokens.inputTokens + tokens.outputTokens === 0) return undefined
  const cached = Math.min(tokens.cachedTokens ?? 0, tokens.inputTokens)
  const input = (tokens.inputTokens - cached) * price.input + cached * (price.cached ?? price.input)
  return (input + tokens.outputTokens * price.output) / 1_000_000
}

/** Whether it is known to cost nothing. */
export function isFree(price: Price | undefined): boolean {
  return price !== undefined && price.input === 0 && price.output === 0
}

const MOST_TOKENS = 2 ** 32 - 1
/** As it can be counted: vendors have been seen to send less than nothing, fractions and words. */
export function wholeTokens({ inputTokens, outputTokens, cachedTokens, reasoningTokens }: Tokens): Required<Tokens> {
  const whole = (tokens: number | undefined) =>
    Number.isFinite(tokens) ? Math.min(MOST_TOKENS, Math.max(0, Math.round(tokens ?? 0))) : 0
  return {
    inputTokens: whole(inputTokens),
    outputTokens: whole(outputTokens),
    cachedTokens: whole(cachedTokens),
    reasoningTokens: whole(reasoningTokens),
  }
}

/** Where a call belongs: checked, and without what nobody may claim. */
export function originOf({ caller, origin }: Charge): Origin {
  const own = saysCharge(caller) ? origin : undefined
  return {
    agentId: kept(own?.agentId),
    spellId: kept(own?.spellId),
    runId: kept(own?.runId),
    nodeId: kept(own?.nodeId),
  }
}

const MOST_ID_CHARACTERS = 200
/** As Postgres can keep it. */
export function kept(text = ''): string {
  return text.slice(0, MOST_ID_CHARACTERS).toWellFormed().replaceAll('\0', '')
}

/** Everything that a call at this time is summed up in. */
export function accountsOf(owner: string, { agentId, spellId, runId }: Origin, at: number): readonly Account[] {
  const bearers: [Scope, string][] = [['user', '']]
  if (agentId !== '') bearers.push(['agent', agentId])
  if (spellId !== '') bearers.push(['spell', spellId])
  const accounts = bearers.flatMap(([scope, target]) =>
    PERIODS.map((period): Account => ({ owner, scope, target, period: periodAt(period, at) })),
  )
  return runId === '' ? accounts : [...accounts, { owner, scope: 'run', target: runId, period: 'total' }]
}

/** How a period is called that this time lies in, UTC. */
export function periodAt(period: Period, at: number): string {
  if (period === 'total') return 'total'
  return new Date(at).toISOString().slice(0, period === 'day' ? 10 : 7)
}

/** When the period that this time lies in is over; undefined: never. */
export function renewalOf(period: Period, at: number): number | undefined {
  const now = new Date(at)
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()]
  if (period === 'day') return Date.UTC(year, month, day + 1)
  return period === 'month' ? Date.UTC(year, month + 1, 1) : undefined
}

/** What may be spent, as people say it: `20,000 tokens a day of this user`. */
export function wordsOf(what: 'tokens' | 'cost', limit: Sum, scope: Scope | 'node', period: Period): string {
  const much =
    what === 'tokens'
      ? `${limit.tokens.toLocaleString('en-US')} ${limit.tokens === 1 ? 'token' : 'tokens'}`
      : dollars(limit.cost)
  const often = period === 'total' ? '' : ` a ${period}`
  return `${much}${often} of this ${scope === 'node' ? 'call' : scope}`
}

/** `$5`, `$0.25`, `$0.0003`. */
export function dollars(cost: number): string {
  return `$${cost.toLocaleString('en-US', { maximumSignificantDigits: 6, useGrouping: true })}`
}
