import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { Account, StoredBudget, Sum, Tokens } from './charge.ts'

/** One call in the ledger. */
export interface UsageRow extends Required<Tokens> {
  readonly id: string
  readonly owner: string
  readonly agent: string
  readonly spell: string
  readonly run: string
  readonly node: string
  readonly model: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** Null: nobody knows the price. */
  readonly cost: number | null
}

/** Which of an owner's usage is summed up, and by what. */
export interface UsageQuery {
  readonly owner: string
  readonly by: 'day' | 'model' | 'spell' | 'run' | 'node'
  readonly from: number
  readonly to: number
  readonly spell: string
  readonly run: string
}
export interface UsageSums {
  readonly key: string
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cost: number
  readonly unpriced: number
}

export type AccountSum = Account & Sum

/** Usage, running sums and budgets in the database. */
export interface LedgerStore {
  /** Writes calls and adds to running sums, in one commit; answers the new sums. Each account comes once. */
  write(rows: readonly UsageRow[], additions: readonly AccountSum[], day: string): Promise<readonly AccountSum[]>
  /** Budgets of owners, and running sums; what is not there is left out. */
  read(
    owners: readonly string[],
    accounts: readonly Account[],
  ): Promise<{ budgets: readonly StoredBudget[]; sums: readonly AccountSum[] }>
  /** At most 500, greatest cost first. */
  usage(query: UsageQuery): Promise<readonly UsageSums[]>
  /** What the latest run of a spell has taken, or the latest call of a node (`<spell>/<node>`). */
  latest(owner: string, scope: 'run' | 'node', target: string): Promise<Sum>
  /** Replaces the one of the same scope, target and period. Undefined: the owner has `most` others already. */
  setBudget(budget: StoredBudget, most: number): Promise<StoredBudget | undefined>
  /** Whether there was one. */
  deleteBudget(owner: string, id: string): Promise<boolean>
  /** Removes calls that began before a time, and sums of days, months and runs that were last touched before a day. */
  sweep(before: number, touchedBefore: string): Promise<void>
}

const MOST_SUMS = 500
const SWEPT_AT_ONCE = 10_000

export function createLedgerStore(database: Kysely<unknown>): LedgerStore {
  return {
    write: (rows, additions, day) => write(database, rows, additions, day),
    read: (owners, accounts) => read(database, owners, accounts),
    usage: query => usage(database, query),
    latest: (owner, scope, target) => latest(database, owner, scope, target),
    setBudget: (budget, most) => setBudget(database, budget, most),
    async deleteBudget(owner, id) {
      const { rows } =
        await sql`delete from completion.budgets where owner = ${owner} and id = ${id} returning id`.execute(database)
      return rows.length > 0
    },
    sweep: (before, touchedBefore) => sweep(database, before, touchedBefore),
  }
}

async function write(
  database: Kysely<unknown>,
  rows: readonly UsageRow[],
  additions: readonly AccountSum[],
  day: string,
): Promise<readonly AccountSum[]> {
  // In one order everywhere: two processes that write the same sums wait for each other, never both.
  const result = await sql<AccountSum>`
    with calls as (
      insert into completion.usage
        (id, owner, agent, spell, run, node, model, at, input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost)
      select id, owner, agent, spell, run, node, model, to_timestamp(at / 1000.0), "inputTokens", "outputTokens", "cachedTokens", "reasoningTokens", cost
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row (
        id text, owner text, agent text, spell text, run text, node text, model text, at double precision,
        "inputTokens" bigint, "outputTokens" bigint, "cachedTokens" bigint, "reasoningTokens" bigint, cost double precision)
      on conflict (id) do nothing
    )
    insert into completion.spent as s (owner, scope, target, period, tokens, cost, touched)
    select owner, scope, target, period, tokens, cost, ${day}::date
    from jsonb_to_recordset(${JSON.stringify(additions)}::jsonb) as row (
      owner text, scope text, target text, period text, tokens double precision, cost double precision)
    order by owner, scope, target, period
    on conflict (owner, scope, target, period) do update
      set tokens = s.tokens + excluded.tokens, cost = s.cost + excluded.cost, touched = excluded.touched
    returning owner, scope, target, period, tokens, cost`.execute(database)
  return result.rows
}

async function read(database: Kysely<unknown>, owners: readonly string[], accounts: readonly Account[]) {
  const { rows } = await sql<{ budgets: StoredBudget[] | null; sums: AccountSum[] | null }>`
    select
      (select jsonb_agg(b) from (
        select id, owner, scope, target, period, tokens, cost from completion.budgets
        where owner in (select jsonb_array_elements_text(${JSON.stringify(owners)}::jsonb))
        order by created_at, id) b) as budgets,
      (select jsonb_agg(s) from (
        select owner, scope, target, period, tokens, cost from completion.spent
        join jsonb_to_recordset(${JSON.stringify(accounts)}::jsonb) as row (owner text, scope text, target text, period text)
        using (owner, scope, target, period)) s) as sums`.execute(database)
  return { budgets: rows[0]?.budgets ?? [], sums: rows[0]?.sums ?? [] }
}

async function usage(
  database: Kysely<unknown>,
  { owner, by, from, to, spell, run }: UsageQuery,
): Promise<readonly UsageSums[]> {
  const key = {
    day: sql`to_char(at at time zone 'UTC', 'YYYY-MM-DD')`,
    model: sql`model`,
    spell: sql`spell`,
    run: sql`run`,
    // A node's id is its spell's own.
    node: spell === '' && run === '' ? sql`case when node = '' then '' else spell || '/' || node end` : sql`node`,
  }[by]
  const bounds = [
    sql`owner = ${owner}`,
    ...(from > 0 ? [sql`at >= to_timestamp(${from}::double precision / 1000)`] : []),
    ...(to > 0 ? [sql`at < to_timestamp(${to}::double precision / 1000)`] : []),
    ...(spell === '' ? [] : [sql`spell = ${spell}`]),
    ...(run === '' ? [] : [sql`run = ${run}`]),
  ]
  const { rows } = await sql<UsageSums>`
    select ${key} as key, count(*)::integer as calls, sum(input_tokens)::double precision as "inputTokens",
      sum(output_tokens)::double precision as "outputTokens", coalesce(sum(cost), 0) as cost,
      count(*) filter (where cost is null)::integer as unpriced
    from completion.usage where ${sql.join(bounds, sql` and `)}
    group by 1 order by 5 desc, sum(input_tokens + output_tokens) desc, 1 desc limit ${MOST_SUMS}`.execute(database)
  return rows
}

async function latest(database: Kysely<unknown>, owner: string, scope: 'run' | 'node', target: string): Promise<Sum> {
  const slash = target.indexOf('/')
  const { rows } =
    scope === 'run'
      ? await sql<Sum>`
          select tokens, cost from completion.spent
          where owner = ${owner} and scope = 'run' and period = 'total' and target = (
            select run from completion.usage where owner = ${owner} and spell = ${target} and run <> '' order by at desc limit 1)`.execute(
          database,
        )
      : await sql<Sum>`
          select (input_tokens + output_tokens)::double precision as tokens, coalesce(cost, 0) as cost from completion.usage
          where owner = ${owner} and spell = ${target.slice(0, slash)} and node = ${target.slice(slash + 1)}
          order by at desc limit 1`.execute(database)
  return rows[0] ?? { tokens: 0, cost: 0 }
}

async function setBudget(
  database: Kysely<unknown>,
  { id, owner, scope, target, period, tokens, cost }: StoredBudget,
  most: number,
): Promise<StoredBudget | undefined> {
  const { rows } = await sql<StoredBudget>`
    insert into completion.budgets as b (id, owner, scope, target, period, tokens, cost)
    select ${id}, ${owner}, ${scope}, ${target}, ${period}, ${tokens}::bigint, ${cost}::double precision
    where (select count(*) from completion.budgets
           where owner = ${owner} and (scope, target, period) <> (${scope}, ${target}, ${period})) < ${most}::integer
    on conflict (owner, scope, target, period) do update set tokens = excluded.tokens, cost = excluded.cost
    returning id, owner, scope, target, period, tokens::double precision as tokens, cost`.execute(database)
  return rows[0]
}

async function sweep(database: Kysely<unknown>, before: number, touchedBefore: string): Promise<void> {
  for (let swept = SWEPT_AT_ONCE; swept === SWEPT_AT_ONCE;) {
    const { rows } = await sql`
      delete from completion.usage where id in (
        select id from completion.usage where at < to_timestamp(${before}::double precision / 1000) limit ${SWEPT_AT_ONCE})
      returning 1`.execute(database)
    swept = rows.length
  }
  await sql`
    delete from completion.spent where touched < ${touchedBefore}::date and (period <> 'total' or scope = 'run')`.execute(
    database,
  )
}
