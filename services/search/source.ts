import type { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { Charge } from '#mesh/charge.ts'
import { unavailable } from '#mesh/errors.ts'
import type { Call, Client, ClientCallOptions } from '#mesh/service.ts'
import type { SourceName, Wish } from './wish.ts'

/** Where something was found in one source, and why. */
export interface Places {
  /** From 1; 0: not among those. */
  readonly vectorRank: number
  readonly wordRank: number
  /** Of the web: its provider's order. */
  readonly webRank?: number
  /** Cosine of the vectors; absent: not asked by vector. */
  readonly similarity?: number
}

/** What was found, as it is now. */
export interface Found {
  readonly source: SourceName
  readonly id: string
  readonly title: string
  readonly text: string
  readonly places: Places
  /** 0 to 1; comparable across sources. */
  readonly score: number
  readonly documentId?: string
  readonly collection?: string
  readonly page?: number
  readonly headings?: readonly string[]
  readonly url?: string
  readonly type?: string
  /** Milliseconds since 1970; 0: nobody knows. */
  readonly at: number
  readonly metadata: Readonly<Record<string, unknown>>
}

export interface Answer {
  /** The best first. */
  readonly found: readonly Found[]
  /** What a person should know. */
  readonly notices: readonly string[]
}

/** A part of what can be searched. Rejects with coded errors; NOT_FOUND: what the wish names is not the caller's. */
export interface Source {
  find(wish: Wish, asking: Asking): Promise<Answer>
}

/** For whom a search is done; one for each source, with its own deadline. */
export interface Asking {
  readonly call: Pick<Call, 'caller' | 'metadata'>
  /** For calls of other services on behalf of the same user, with what opens the user's secrets. */
  readonly options: ClientCallOptions
  readonly signal: AbortSignal
  /** The query's vector. Empty: of the instance's default model. */
  vectorOf(model: string): Promise<QueryVector>
}
export interface QueryVector {
  readonly model: string
  readonly values: readonly number[]
}

/** Calls of other services on behalf of a call's user. */
export function optionsFor({ caller, metadata }: Call, signal: AbortSignal, deadlineMs: number): ClientCallOptions {
  const capability = metadata.get('capability')
  return {
    caller: { user: caller.user, service: 'search' },
    signal,
    deadlineMs,
    ...(capability === undefined ? {} : { metadata: { capability } }),
  }
}

/** Embeds a query once for each model, however many sources ask. */
export function createVectors(
  query: string,
  completion: Pick<Client<typeof CompletionServiceDefinition>, 'embed'>,
  options: ClientCallOptions,
  { origin }: Charge,
): (model: string) => Promise<QueryVector> {
  const asked = new Map<string, Promise<QueryVector>>()
  const ask = async (model: string): Promise<QueryVector> => {
    const usual = model === '' ? undefined : await asked.get('')?.catch(() => undefined)
    if (usual?.model === model) return usual
    const answer = await completion.embed({ model, texts: [query], ...(origin ? { origin } : {}) }, options)
    const values = answer.embeddings[0]?.values
    if (!values) throw unavailable(`"${answer.model}" gave no vector`)
    return { model: answer.model, values }
  }
  return model => {
    const vector = asked.get(model) ?? ask(model)
    asked.set(model, vector)
    return vector
  }
}
