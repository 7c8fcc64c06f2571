import type { Kysely } from 'kysely'

/** The one Postgres of the mesh, or of this process. */
export interface Database extends AsyncDisposable {
  /** Queries over all schemas. {@link schemaOf} narrows it to one service. */
  // The tables are the services' business: each casts it to its own.
  readonly kysely: Kysely<any>
  /** True for the database inside this process: nobody else uses it. */
  readonly alone: boolean
  /** Whether pgvector is there. */
  readonly vectors: boolean
  /** Runs `work` in one transaction of its own, with plain SQL texts; several statements in one text are allowed. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>
  /** Of a pool: its connections, those of them at rest, and callers that wait for one. */
  pool?(): { readonly all: number; readonly idle: number; readonly waiting: number }
  /** Whether it answers now. */
  isReady(): Promise<boolean>
}

/** Plain SQL inside a transaction. */
export interface Session {
  /** One or more statements without parameters, which may take long: migrations. */
  run(text: string): Promise<void>
  /** One statement. */
  query<Row>(text: string, parameters?: readonly unknown[]): Promise<readonly Row[]>
}

/** The name of a service's schema: `spell-runner` → `spell_runner`. In plain SQL, write it before the table: `spell_runner.runs`. */
export function schemaName(service: string): string {
  return service.replaceAll('-', '_')
}

/** The service's own schema. */
export function schemaOf(database: Database, service: string): Kysely<any> {
  return database.kysely.withSchema(schemaName(service))
}
