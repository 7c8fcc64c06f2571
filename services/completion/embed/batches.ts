import { cancelled } from '#mesh/errors.ts'
import type { Found } from '../catalogue.ts'
import type { ProviderEmbedding, ProviderUsage } from '../provider.ts'

/** Texts of one call, and the model that is to embed them. */
export interface Wish {
  readonly found: Found
  readonly texts: readonly string[]
  readonly dimensions: number | undefined
  readonly signal: AbortSignal
}
/** In the order of the texts; what they took of the whole request. */
export interface Granted {
  readonly vectors: readonly (readonly number[] | Float32Array)[]
  readonly usage: ProviderUsage
}

/** Asks for embeddings; calls of the same model, key and user that come in one turn of the event loop go together. */
export type Batches = (wish: Wish) => Promise<Granted>

/** One request to a provider: as many vectors as texts. */
export type AskOnce = (wish: Wish) => Promise<ProviderEmbedding>

const MOST_TEXTS = 256
const MOST_CHARACTERS = 2_000_000

interface Member extends Wish {
  resolve(granted: Granted): void
  reject(error: unknown): void
}

export function createBatches(ask: AskOnce): Batches {
  const open = new Map<string, Member[]>()
  const close = (key: string, members: Member[]) => {
    if (open.get(key) === members) open.delete(key)
  }
  return wish =>
    new Promise((resolve, reject) => {
      const key = keyOf(wish)
      let members = open.get(key)
      if (!members || !hasRoom(members, wish)) {
        const fresh: Member[] = []
        members = fresh
        open.set(key, fresh)
        setImmediate(() => {
          close(key, fresh)
          void askTogether(fresh, ask)
        })
      }
      members.push({ ...wish, resolve, reject })
      wish.signal.addEventListener('abort', () => reject(cancelled()), { once: true })
    })
}

/** Never across users: each pays for its own, with its own key. */
function keyOf({ found: { id, call }, dimensions }: Wish): string {
  return JSON.stringify([id, call.key, call.options.caller?.user ?? '', dimensions ?? 0])
}

function hasRoom(members: readonly Member[], { texts }: Wish): boolean {
  const all = [...members.flatMap(member => member.texts), ...texts]
  return all.length <= MOST_TEXTS && lengthOf(all) <= MOST_CHARACTERS
}

async function askTogether(members: readonly Member[], ask: AskOnce): Promise<void> {
  const [first] = members
  if (!first) return
  // The same text is asked once, on the account of who asked first.
  const places = new Map<string, number>()
  const shares = members.map(({ texts }) => {
    const own = texts.filter((text, index) => !places.has(text) && texts.indexOf(text) === index)
    for (const text of own) places.set(text, places.size)
    return lengthOf(own) + own.length
  })
  const leaving = leftByAll(members)
  try {
    const { vectors, usage } = await ask({ ...first, texts: [...places.keys()], signal: leaving.signal })
    const parts = shareOut(usage, shares)
    members.forEach(({ texts, resolve }, index) =>
      resolve({
        vectors: texts.map(text => vectors[places.get(text) ?? -1] ?? []),
        usage: parts[index] ?? { inputTokens: 0, outputTokens: 0 },
      }),
    )
  } catch (error) {
    for (const { reject } of members) reject(error)
  } finally {
    leaving.forget()
  }
}

/** A signal that aborts once nobody waits any more. */
function leftByAll(members: readonly Member[]): { signal: AbortSignal; forget(): void } {
  const controller = new AbortController()
  const check = () => {
    if (members.every(({ signal }) => signal.aborted)) controller.abort()
  }
  for (const { signal } of members) signal.addEventListener('abort', check)
  check()
  return {
    signal: controller.signal,
    forget: () => members.forEach(({ signal }) => signal.removeEventListener('abort', check)),
  }
}

/** By the lengths of what each asked; together it is what was taken. */
function shareOut({ inputTokens, outputTokens }: ProviderUsage, shares: readonly number[]): readonly ProviderUsage[] {
  const whole = shares.reduce((sum, share) => sum + share, 0)
  const upTo = (tokens: number, until: number) =>
    whole === 0 ? 0 : Math.round((tokens * shares.slice(0, until).reduce((sum, share) => sum + share, 0)) / whole)
  return shares.map((_, index) => ({
    inputTokens: upTo(inputTokens, index + 1) - upTo(inputTokens, index),
    outputTokens: upTo(outputTokens, index + 1) - upTo(outputTokens, index),
  }))
}

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0)
}
