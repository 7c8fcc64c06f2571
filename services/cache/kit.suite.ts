import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import type { ComputeRequest, DeepPartial } from '#gen/spellmesh/cache/v1/cache.ts'
import type { Client, ClientCallOptions } from '#mesh/service.ts'
import type { Clients } from '#mesh/testing.ts'

export type Cache = Client<typeof CacheServiceDefinition>

/** The cache as this user calls it. */
export function cacheOf(user: string, where: { as(user: string): Clients }): Cache {
  return where.as(user).client(CacheServiceDefinition)
}

export const bytes = (text: string): Buffer => Buffer.from(text)

export async function textOf(cache: Cache, namespace: string, key: string): Promise<string | undefined> {
  const { value } = await cache.get({ namespace, key })
  return value && Buffer.from(value).toString()
}

/** One caller of Compute who says step by step what happens. */
export interface Caller {
  /** Resolves with `turn`, with the text that it is answered, or with `end`. */
  next(): Promise<string>
  say(step: NonNullable<DeepPartial<ComputeRequest>['step']>): void
  /** Says no more. */
  finish(): void
  leave(): Promise<void>
}

/** Opens a call for a key, and says the key. */
export function call(cache: Cache, namespace: string, key: string, options: ClientCallOptions = {}): Caller {
  const caller = callSaying(cache, options)
  caller.say({ $case: 'key', value: { namespace, key } })
  return caller
}

/** Opens a call that has said nothing yet. */
export function callSaying(cache: Cache, options: ClientCallOptions = {}): Caller {
  const steps: DeepPartial<ComputeRequest>[] = []
  let isOver = false
  let more = Promise.withResolvers<void>()
  const wake = () => {
    more.resolve()
    more = Promise.withResolvers()
  }
  async function* requests(): AsyncGenerator<DeepPartial<ComputeRequest>> {
    for (;;) {
      const step = steps.shift()
      if (step) yield step
      else if (isOver) return
      else await more.promise
    }
  }
  const answers = cache.compute(requests() as Parameters<Cache['compute']>[0], options)[Symbol.asyncIterator]()
  return {
    async next() {
      const { done, value } = await answers.next()
      if (done) return 'end'
      return value.step?.$case === 'value' ? Buffer.from(value.step.value).toString() : 'turn'
    },
    say(step) {
      steps.push({ step })
      wake()
    },
    finish() {
      isOver = true
      wake()
    },
    async leave() {
      await answers.return?.()
    },
  }
}

/** Gets the value, computing it where it is our turn: what a caller of the cache usually does. */
export async function compute(
  cache: Cache,
  namespace: string,
  key: string,
  make: () => Promise<string>,
): Promise<string> {
  const caller = call(cache, namespace, key)
  const told = await caller.next()
  if (told !== 'turn') return told
  const made = await make()
  caller.say({ $case: 'value', value: bytes(made) })
  await caller.next()
  return made
}
