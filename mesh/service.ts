import type { BinaryReader } from '@bufbuild/protobuf/wire'
import type { Kysely } from 'kysely'
import type { Blobs } from './blobs.ts'
import type { Bus } from './bus.ts'
import type { Identities, Identity } from './identity.ts'
import type { Log } from './log.ts'
import type { Metrics } from './telemetry.ts'
import type { Tracer } from './trace.ts'
import type { SettingsDeclaration, SettingsOf } from './settings.ts'

/** A ts-proto service definition (`outputServices=generic-definitions`). */
export interface Contract {
  readonly name: string
  readonly fullName: string
  readonly methods: Readonly<Record<string, Method>>
}
export interface Method {
  readonly name: string
  readonly requestType: MessageType
  readonly requestStream: boolean
  readonly responseType: MessageType
  readonly responseStream: boolean
  readonly options: object
}
interface MessageType {
  encode(message: any): { finish(): Uint8Array }
  decode(input: Uint8Array | BinaryReader): any
  fromPartial(object: any): any
}

type Request<M extends Method> = ReturnType<M['requestType']['fromPartial']>
type Response<M extends Method> = ReturnType<M['responseType']['fromPartial']>
type PartialOf<T> = T extends Date | Uint8Array | string | number | boolean | undefined
  ? T
  : T extends readonly (infer E)[]
    ? readonly PartialOf<E>[]
    : T extends { $case: string; value: unknown }
      ? { $case: T['$case']; value: PartialOf<T['value']> }
      : { [K in keyof T]?: PartialOf<T[K]> }

/** What a handler knows of its call. */
export interface Call {
  /** Who calls. Handlers of `open` methods may see nobody: `caller.user` is then `''`. */
  readonly caller: Identity
  /** Aborts when the caller cancels, is gone, or its deadline has passed. */
  readonly signal: AbortSignal
  /** Metadata by lower-case name. */
  readonly metadata: ReadonlyMap<string, string>
}

/** What a service answers: a function per RPC of its contract. Streams are AsyncIterables. Throw only what errors.ts makes. */
export type Handlers<C extends Contract> = {
  [K in keyof C['methods']]: (
    request: C['methods'][K]['requestStream'] extends true
      ? AsyncIterable<Request<C['methods'][K]>>
      : Request<C['methods'][K]>,
    call: Call,
  ) => C['methods'][K]['responseStream'] extends true
    ? AsyncIterable<PartialOf<Response<C['methods'][K]>>>
    : Promise<PartialOf<Response<C['methods'][K]>>>
}

/** Options of a call made through a client. */
export interface ClientCallOptions {
  /** Whose call this is. Absent: the calling service's own identity (no user). */
  readonly caller?: Identity
  readonly signal?: AbortSignal
  /** Absent: 5 s for unary calls; streams have none. */
  readonly deadlineMs?: number
  readonly metadata?: Readonly<Record<string, string>>
}

/** The other side of {@link Handlers}: the same whether the service runs in this process or another. */
export type Client<C extends Contract> = {
  [K in keyof C['methods']]: (
    request: C['methods'][K]['requestStream'] extends true
      ? AsyncIterable<PartialOf<Request<C['methods'][K]>>>
      : PartialOf<Request<C['methods'][K]>>,
    options?: ClientCallOptions,
  ) => C['methods'][K]['responseStream'] extends true
    ? AsyncIterable<Response<C['methods'][K]>>
    : Promise<Response<C['methods'][K]>>
}

/** What the host gives a service when it starts. */
export interface Environment<S extends SettingsDeclaration, U extends Readonly<Record<string, Contract>>> {
  readonly settings: SettingsOf<S>
  /** Clients of the services named in `uses`. */
  readonly services: { readonly [K in keyof U]: Client<U[K]> }
  /** The service's own schema. Only where `migrations` is declared. */
  readonly database: Kysely<any>
  /** Whether the database has pgvector. */
  readonly vectors: boolean
  /** Files of this instance, which all its processes see. */
  readonly blobs: Blobs
  readonly bus: Bus
  readonly identities: Identities
  readonly log: Log
  readonly metrics: Metrics
  readonly tracer: Tracer
  /** Unique to this process; matches `^[A-Za-z0-9_-]{1,64}$`. */
  readonly instance: string
  /** `host:port` by which other processes reach the gRPC of this one; undefined: it is not served. */
  readonly address: string | undefined
  /** A client of one process among those that answer a contract. Its calls are not repeated. */
  connect<C extends Contract>(contract: C, address: string): Client<C>
  /** True when this process is the only one on its database (PGlite): whatever another instance left behind is dead. */
  readonly alone: boolean
  /** Aborts when the process begins to drain: finish what is in flight, take nothing new. */
  readonly draining: AbortSignal
  /** What `/readyz` tells: every part of this process by name, `database`, `bus`, `accepting` (false while draining). Ready when all are true. */
  readiness(): Promise<Readonly<Record<string, boolean>>>
  /** Tells where this process answers people: the host prints `ready <url>` once all its services have started. */
  announce(url: string): void
  /** Registers what must be done before the process ends, last registered first. At most the drain time. */
  onStop(stop: () => Promise<void> | void): void
}

/** A service, whole: what it is, what it needs, what it answers. `services/<name>/service.ts` default-exports one. */
export interface ServiceDeclaration<
  C extends Contract | undefined = Contract | undefined,
  S extends SettingsDeclaration = SettingsDeclaration,
  U extends Readonly<Record<string, Contract>> = Readonly<Record<string, Contract>>,
> {
  /** Absent: it answers no RPC (the edge). */
  readonly contract?: C
  /** Methods that need no identity, e.g. `login`. */
  readonly open?: readonly string[]
  readonly settings: S
  /** Services it calls, by folder name in camel case: `spellRunner`. */
  readonly uses: U
  /** Numbered migrations, from {@link migrations}. */
  readonly schema?: MigrationFolder
  start(environment: Environment<S, U>): C extends Contract ? Handlers<C> | Promise<Handlers<C>> : void | Promise<void>
}
/** A folder of migrations: `NNNN-name.sql`, run in order under a row lock, in the service's own schema. */
export interface MigrationFolder {
  readonly folder: URL
}

/** Declares a service. */
export function defineService<
  const C extends Contract | undefined = undefined,
  const S extends SettingsDeclaration = {},
  const U extends Readonly<Record<string, Contract>> = {},
>(declaration: ServiceDeclaration<C, S, U>): ServiceDeclaration<C, S, U> {
  return declaration
}

/** The `migrations/` folder beside this module: `migrations(import.meta.url)`. */
export function migrations(moduleUrl: string): MigrationFolder {
  return { folder: new URL('./migrations/', moduleUrl) }
}
