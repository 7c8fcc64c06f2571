import type { AnswerRecord, Calls, Notifications, RunOptions, RunRecord, SpellRecord } from '#edge/protocol.ts'
import type { Problem } from '#graph/document.ts'
import type { Chunk, Entry, TerminalEntry } from '#graph/journal.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import type { RunView } from '#graph/view.ts'

/** What a server refused, in its own words. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP status; 0: the server was not reached, or said so over the session. */
  readonly status: number
  /** The name of a gRPC status, e.g. `NOT_FOUND`. */
  readonly code: string
  readonly problems: readonly Problem[]
  /** For programs: e.g. `{current, yours}` of a conflict. */
  readonly details: JsonObject
  /** Whether the same call may succeed later. */
  readonly retry: boolean
  constructor(
    status: number,
    code: string,
    message: string,
    parts: { problems?: readonly Problem[]; details?: JsonObject; retry?: boolean } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.problems = parts.problems ?? []
    this.details = parts.details ?? {}
    this.retry = parts.retry ?? status === 0
  }
}

export interface AccountRecord {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: string
}
export interface SignedIn {
  readonly account: AccountRecord
  readonly accessToken: string
  readonly expiresInMs: number
}
export interface ImportReportRecord {
  readonly format: string
  readonly nodes: readonly {
    readonly node: string
    readonly component: string
    readonly outcome: string
    readonly note: string
  }[]
  readonly notes: readonly string[]
}
/** A model of the completion service (proto/spellmesh/completion/v1). */
export interface ModelRecord {
  /** `provider/model`. */
  readonly id: string
  readonly provider: string
  readonly name: string
  readonly about: string
  /** `chat`, `embedding` or `image`. */
  readonly kind?: string
  /** 0 or absent: unknown. */
  readonly contextTokens?: number
  readonly outputTokens?: number
  /** US dollars for a million tokens; absent: unknown. */
  readonly inputPrice?: number
  readonly outputPrice?: number
  readonly abilities?: readonly string[]
  readonly asOf?: string
}
export interface ProviderRecord {
  readonly name: string
  readonly title: string
  readonly ready: boolean
  /** The secret to add; empty: it needs none. */
  readonly secret: string
  readonly about: string
}
/** Somebody who speaks. */
export interface VoiceRecord {
  readonly id: string
  readonly provider: string
  readonly name: string
  readonly about: string
  /** BCP 47; none: any. */
  readonly languages: readonly string[]
  readonly formats: readonly string[]
}
/** Somebody who listens. */
export interface RecogniserRecord {
  readonly id: string
  readonly provider: string
  readonly about: string
  readonly partial: boolean
  readonly timestamps: boolean
}
/** What was used, of one day, model, spell, run or node. */
export interface UsageSum {
  readonly key: string
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** US dollars. */
  readonly cost: number
  /** Calls whose price nobody knows. */
  readonly unpriced: number
}
export interface UsageQuery {
  readonly by?: 'day' | 'model' | 'spell' | 'run' | 'node'
  /** Milliseconds since 1970. */
  readonly from?: number
  readonly to?: number
  readonly spellId?: string
  readonly runId?: string
}
/** What may be spent; 0: any sum. */
export interface BudgetLimit {
  readonly scope: string
  readonly target: string
  readonly period: string
  readonly tokens: number
  /** US dollars. */
  readonly cost: number
}
export interface BudgetRecord extends BudgetLimit {
  readonly id: string
  readonly usedTokens: number
  readonly usedCost: number
}
/** A secret, without what it is. */
export interface SecretRecord {
  readonly name: string
  readonly updatedAt: number
  /** 0: never. */
  readonly usedAt: number
}
export interface PageOptions {
  readonly pageSize?: number
  readonly page?: string
}
export interface EntriesPage {
  readonly entries: readonly Entry[]
  readonly attempt: number
  readonly lastSeq: number
  readonly ended: boolean
}

/** How to branch off a run over REST. */
export interface ForkOptions extends Pick<RunOptions, 'pins' | 'breakpoints' | 'limits'> {
  /** The last entry that is taken over. Absent: all that applies. */
  readonly seq?: number
  readonly from?: string
  /** The spell to go on with. Absent: the one that ran. */
  readonly document?: JsonObject
  readonly detached?: boolean
}

/** The REST face of a server. Every method rejects with an {@link ApiError}. */
export interface RestClient {
  instance(): Promise<{ claimed: boolean; registration: 'open' | 'closed' }>
  openLocal(): Promise<SignedIn>
  register(given: { email: string; password: string; name: string }): Promise<SignedIn>
  login(given: { email: string; password: string }): Promise<SignedIn>
  refresh(): Promise<{ accessToken: string; expiresInMs: number }>
  logout(): Promise<void>
  me(): Promise<{ account: AccountRecord }>
  wsTicket(): Promise<{ ticket: string; expiresInMs: number }>
  /** `kind`: `chat`, `embedding` or `image`; empty: all. */
  models(kind?: string): Promise<{
    models: readonly ModelRecord[]
    defaultModel: string
    providers?: readonly ProviderRecord[]
  }>
  voices(): Promise<{
    voices: readonly VoiceRecord[]
    recognisers: readonly RecogniserRecord[]
    defaultVoice: string
    defaultRecogniser: string
  }>
  /** Sums of what this user has used, by one dimension. */
  usage(query?: UsageQuery): Promise<readonly UsageSum[]>
  budgets(): Promise<readonly BudgetRecord[]>
  /** In place of the one of the same scope, target and period. */
  setBudget(budget: BudgetLimit): Promise<BudgetRecord>
  deleteBudget(id: string): Promise<void>
  /** Names only: a value is never told again. */
  secrets(): Promise<readonly SecretRecord[]>
  putSecret(name: string, value: string): Promise<SecretRecord>
  deleteSecret(name: string): Promise<void>
  nodeTypes(): Promise<readonly JsonObject[]>
  listSpells(options?: PageOptions): Promise<{ spells: readonly SpellRecord[]; nextPage: string }>
  getSpell(id: string, revision?: number): Promise<SpellRecord>
  createSpell(document: JsonObject): Promise<SpellRecord>
  /** Rejects with status 409 and `details.current`, `details.yours` when the spell was changed meanwhile. */
  updateSpell(id: string, baseRevision: number, document: JsonObject): Promise<SpellRecord>
  deleteSpell(id: string): Promise<void>
  /** `format` empty: recognised from the document. */
  importSpell(
    format: string,
    document: JsonObject | string,
  ): Promise<{
    spell: SpellRecord
    report: ImportReportRecord
    /** Sub-spells that the same document held. */
    others: readonly { readonly spell: SpellRecord; readonly report: ImportReportRecord }[]
  }>
  /** In the format that it was imported from (`format` empty), or in `spell/1`; `notes`: what has no place there. */
  exportSpell(id: string, format?: string): Promise<{ format: string; document: Json; notes: readonly string[] }>
  /** Starts a run and waits for its end. */
  startRun(
    spell: string,
    inputs?: JsonObject,
    options?: Omit<RunOptions, 'onDetach'> & { idempotencyKey?: string; detached?: boolean },
  ): Promise<RunRecord>
  listRuns(spell: string, options?: PageOptions): Promise<{ runs: readonly RunRecord[]; nextPage: string }>
  getRun(id: string): Promise<RunRecord>
  entries(run: string, after?: number, limit?: number): Promise<EntriesPage>
  getRunState(run: string): Promise<{ run: RunRecord; attempt: number; seq: number; state: RunView }>
  cancelRun(run: string): Promise<RunRecord>
  pauseRun(run: string): Promise<RunRecord>
  playRun(run: string, options?: { step?: boolean; breakpoints?: readonly string[] }): Promise<RunRecord>
  answerRun(run: string, answer: AnswerRecord): Promise<RunRecord>
  sendToRun(run: string, name: string, message: Json): Promise<RunRecord>
  forkRun(run: string, options: ForkOptions): Promise<{ run: RunRecord; ignoredPins: readonly string[]; how: string }>
  /** A value that entries refer to (graph/blob.ts). */
  blob(run: string, hash: string): Promise<Json>
  /** What a run was made of. */
  runDocuments(run: string): Promise<{ document: JsonObject; library: Readonly<Record<string, JsonObject>> }>
  /** Calls any other route of the server (`/openapi.json` lists them). `path`: with its query. */
  call<T>(method: string, path: string, body?: object): Promise<T>
}

/** A run whose journal is whole: entries 1 to `lastSeq`, and the digest of the terminal entry fits them. */
export interface VerifiedRun {
  readonly entries: readonly Entry[]
  readonly terminal: TerminalEntry
  readonly lastSeq: number
  readonly digest: string
  /** The large values that the entries refer to, by hash (graph/blob.ts): those that could be read. */
  readonly blobs?: Readonly<Record<string, Json>>
}

/** A followed run. Entries come in order, without gaps, each once. */
export interface RunHandle {
  /** As it was when it began to be followed. */
  readonly run: RunRecord
  /** What has come so far. */
  readonly entries: readonly Entry[]
  /** Calls back with entries as they come; the returned function ends that. */
  onEntries(callback: (fresh: readonly Entry[]) => void): () => void
  /** Calls back with streamed text, which the node's end will carry as a whole: first what has come so far, as one piece. */
  onChunk(callback: (chunk: Chunk) => void): () => void
  /** Resolves when the run has ended and its journal was verified. Rejects where that cannot be. */
  readonly completed: Promise<VerifiedRun>
  cancel(): Promise<void>
  /** No activation starts any more, until it is played. */
  pause(): Promise<void>
  /** `step`: up to the next activation. `breakpoints`: in place of those it has. */
  play(options?: { step?: boolean; breakpoints?: readonly string[] }): Promise<void>
  /** Ends something that it waits for. */
  answer(answer: AnswerRecord): Promise<void>
  /** To the sources of a played run that go by this name. */
  send(name: string, message: Json): Promise<void>
  /** Follows it no more. */
  release(): void
}

export type ConnectionStatus = 'connecting' | 'open' | 'waiting' | 'closed'

/** What a client tells of. */
export interface ClientEvents {
  /** The connection's state; `retryInMs` while waiting. */
  status: { status: ConnectionStatus; retryInMs?: number }
  /** A spell was changed by somebody. */
  changed: Notifications['spell.changed']
  /** A run of an open spell began elsewhere. */
  head: Notifications['run.head']
  expiring: Notifications['session.expiring']
  revoked: Notifications['session.revoked']
}

/** A session with a server that outlives its connections: it comes back, opens again what was open, and goes on with runs where they were. */
export interface SpellmeshClient {
  readonly status: ConnectionStatus
  on<K extends keyof ClientEvents>(event: K, callback: (told: ClientEvents[K]) => void): () => void
  openSpell(spell: string): Promise<Calls['spell.open']['result']>
  closeSpell(spell: string): Promise<void>
  /** Gives the session an unsaved document, or takes it back; answers what keeps it from running. */
  editSpell(spell: string, draft: JsonObject | null): Promise<readonly Problem[]>
  startRun(spell: string, inputs?: JsonObject, options?: RunOptions): Promise<RunHandle>
  /** Starts a run that branches off another, with the spell as this session has it. */
  forkRun(run: string, options?: Omit<Calls['run.fork']['params'], 'run'>): Promise<RunHandle>
  /** Follows any run of this user, ended ones too: these come from the store where they are kept. */
  watchRun(run: string): Promise<RunHandle>
  /** Tries to connect at once instead of waiting. */
  reconnect(): void
  close(): void
}

/** A journal as it is kept. */
export interface KeptRun {
  readonly run: RunRecord
  readonly entries: readonly Entry[]
  readonly blobs?: Readonly<Record<string, Json>>
}

/** Keeps journals of runs where this client runs. */
export interface JournalStore {
  put(run: RunRecord, entries: readonly Entry[], blobs?: Readonly<Record<string, Json>>): Promise<void>
  get(run: string): Promise<KeptRun | undefined>
  /** Latest start first. */
  list(spell: string): Promise<readonly RunRecord[]>
}
