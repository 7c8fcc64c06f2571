/** What statements are given to. */
interface Session {
  query<Row>(text: string): Promise<{ readonly rows: readonly Row[] }>
}

const EVERY_MS = 60_000

/** A server has a process that removes what was updated or deleted, and keeps the planner's figures true; PGlite has none: without this its tables only grow. Returns what ends it. */
export function keepClean(session: Session): () => void {
  // It may be closed, or busy with a transaction that fails: the next minute comes.
  const timer = setInterval(() => void cleanOne(session).catch(() => undefined), EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** Cleans the table that needs it most, by the measure of PostgreSQL's autovacuum; answers which. One at a time: nobody else has the session meanwhile. */
export async function cleanOne(session: Session): Promise<string | undefined> {
  const { rows } = await session.query<{ name: string; vacuum: boolean }>(`
    select format('%I.%I', s.schemaname, s.relname) as name, s.n_dead_tup > 50 + 0.2 * c.reltuples as vacuum
    from pg_stat_user_tables s join pg_class c on c.oid = s.relid
    where s.n_dead_tup > 50 + 0.2 * c.reltuples or s.n_mod_since_analyze > 50 + 0.1 * c.reltuples
    order by s.n_dead_tup desc limit 1`)
  const [worst] = rows
  if (!worst) return undefined
  await session.query(worst.vacuum ? `vacuum (analyze) ${worst.name}` : `analyze ${worst.name}`)
  return worst.name
}
