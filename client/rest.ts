import type { RunRecord, SpellRecord } from '#edge/protocol.ts'
import type { Problem } from '#graph/document.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { ApiError } from './types.ts'
import type { BudgetRecord, EntriesPage, PageOptions, RestClient, SecretRecord, UsageSum } from './types.ts'

export interface RestOptions {
  /** `https://spells.example.org` */
  readonly baseUrl: string
  /** A bearer token; absent: the browser's cookie. */
  token?(): Promise<string>
  readonly fetch?: typeof globalThis.fetch
}

/** Makes a client of a server's REST face. */
export function createRest(options: RestOptions): RestClient {
  const call = createCall(options)
  const get = <T>(path: string, query: Readonly<Record<string, string | number | undefined>> = {}) =>
    call<T>('GET', path + toQuery(query))
  const post = <T>(path: string, body: object = {}, headers?: Record<string, string>) =>
    call<T>('POST', path, body, headers)
  const id = encodeURIComponent
  return {
    instance: () => get('/v1/instance'),
    openLocal: () => post('/v1/auth/local'),
    register: given => post('/v1/auth/register', given),
    login: given => post('/v1/auth/login', given),
    refresh: () => post('/v1/auth/refresh'),
    logout: async () => void (await post('/v1/auth/logout')),
    me: () => get('/v1/me'),
    wsTicket: () => post('/v1/ws-ticket'),
    ...modelsOf(call),
    nodeTypes: async () => (await get<{ nodeTypes: readonly JsonObject[] }>('/v1/node-types')).nodeTypes,
    listSpells: (page: PageOptions = {}) => get('/v1/spells', { ...page }),
    getSpell: async (spell, revision) =>
      (await get<{ spell: SpellRecord }>(`/v1/spells/${id(spell)}`, { revision })).spell,
    createSpell: async document => (await post<{ spell: SpellRecord }>('/v1/spells', { document })).spell,
    updateSpell: async (spell, baseRevision, document) =>
      (await call<{ spell: SpellRecord }>('PUT', `/v1/spells/${id(spell)}`, { baseRevision, document })).spell,
    deleteSpell: async spell => void (await call('DELETE', `/v1/spells/${id(spell)}`)),
    importSpell: (format, document) => post('/v1/spells/import', { format, document }),
    exportSpell: (spell, format = '') => get(`/v1/spells/${id(spell)}/export`, { format }),
    startRun: async (spell, inputs = {}, { idempotencyKey, ...options } = {}) =>
      (
        await post<{ run: RunRecord }>(
          `/v1/spells/${id(spell)}/runs`,
          { inputs, ...options },
          idempotencyKey ? { 'idempotency-key': idempotencyKey } : {},
        )
      ).run,
    listRuns: (spell, page: PageOptions = {}) => get(`/v1/spells/${id(spell)}/runs`, { ...page }),
    getRun: async run => (await get<{ run: RunRecord }>(`/v1/runs/${id(run)}`)).run,
    entries: (run, after = 0, limit = 2000) => get<EntriesPage>(`/v1/runs/${id(run)}/entries`, { after, limit }),
    getRunState: run => get(`/v1/runs/${id(run)}/state`),
    pauseRun: async run => (await post<{ run: RunRecord }>(`/v1/runs/${id(run)}/pause`)).run,
    playRun: async (run, { step = false, breakpoints } = {}) =>
      (
        await post<{ run: RunRecord }>(`/v1/runs/${id(run)}/play`, {
          step,
          ...(breakpoints ? { breakpoints, setBreakpoints: true } : {}),
        })
      ).run,
    answerRun: async (run, answer) => (await post<{ run: RunRecord }>(`/v1/runs/${id(run)}/answer`, { ...answer })).run,
    sendToRun: async (run, name, message) =>
      (await post<{ run: RunRecord }>(`/v1/runs/${id(run)}/send`, { name, message })).run,
    forkRun: (run, options) => post(`/v1/runs/${id(run)}/fork`, { ...options }),
    blob: async (run, hash) => (await get<{ value: Json }>(`/v1/runs/${id(run)}/blobs/${id(hash)}`)).value,
    runDocuments: run => get(`/v1/runs/${id(run)}/documents`),
    call: (method, path, body) => call(method, path, body),
    cancelRun: async run => (await post<{ run: RunRecord }>(`/v1/runs/${id(run)}/cancel`)).run,
  }
}

type Call = ReturnType<typeof createCall>

/** Models and voices, what they cost, and the keys for them. */
function modelsOf(call: Call): Pick<RestClient, ModelMethods> {
  const get = <T>(path: string, query: Parameters<typeof toQuery>[0] = {}) => call<T>('GET', path + toQuery(query))
  const id = encodeURIComponent
  return {
    models: (kind = '') => get('/v1/completion/models', { kind }),
    voices: () => get('/v1/speech/voices'),
    usage: async (query = {}) => (await get<{ sums: readonly UsageSum[] }>('/v1/usage', { ...query })).sums,
    budgets: async () => (await get<{ budgets: readonly BudgetRecord[] }>('/v1/budgets')).budgets,
    setBudget: async budget => (await call<{ budget: BudgetRecord }>('PUT', '/v1/budgets', { budget })).budget,
    deleteBudget: async budget => void (await call('DELETE', `/v1/budgets/${id(budget)}`)),
    secrets: async () => (await get<{ secrets: readonly SecretRecord[] }>('/v1/secrets')).secrets,
    putSecret: async (name, value) =>
      (await call<{ secret: SecretRecord }>('PUT', `/v1/secrets/${id(name)}`, { value })).secret,
    deleteSecret: async name => void (await call('DELETE', `/v1/secrets/${id(name)}`)),
  }
}
type ModelMethods =
  | 'models'
  | 'voices'
  | 'usage'
  | 'budgets'
  | 'setBudget'
  | 'deleteBudget'
  | 'secrets'
  | 'putSecret'
  | 'deleteSecret'

const LONGEST_MS = 30_000

function createCall({ baseUrl, token, fetch = globalThis.fetch.bind(globalThis) }: RestOptions) {
  const base = baseUrl.replace(/\/$/, '')
  return async <T>(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<T> => {
    const authorization: Record<string, string> = token ? { authorization: `Bearer ${await token()}` } : {}
    let answer: Response
    let text: string
    try {
      answer = await fetch(base + path, {
        method,
        // A run is waited for as long as it takes.
        ...(method === 'POST' && /\/(runs|fork)$/.test(path) ? {} : { signal: AbortSignal.timeout(LONGEST_MS) }),
        headers: { ...headers, ...authorization, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      text = await answer.text()
    } catch (error) {
      throw new ApiError(
        0,
        'UNAVAILABLE',
        `the server cannot be reached: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
    if (!answer.ok) throw toError(answer.status, text)
    try {
      return JSON.parse(text === '' ? '{}' : text) as T
    } catch {
      const what = `${method} ${path} was answered by something that is not JSON: ${text.slice(0, 200)}`
      throw new ApiError(answer.status, 'UNKNOWN', what, { retry: false })
    }
  }
}

function toError(status: number, text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as {
      error: { code: string; message: string; problems?: readonly Problem[]; details?: JsonObject }
    }
    return new ApiError(status, error.code, error.message, { ...error, retry: status === 429 || status >= 500 })
  } catch {
    return new ApiError(status, 'UNKNOWN', `the server answered ${status}: ${text.slice(0, 200)}`, {
      retry: status >= 500,
    })
  }
}

function toQuery(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values))
    if (value !== undefined && value !== '') query.set(name, String(value))
  return query.size > 0 ? `?${query.toString()}` : ''
}
