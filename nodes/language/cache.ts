// What the nodes of cache/ have in common.
import type { NodeContext } from '#graph/define.ts'
import { createDigest } from '#graph/digest.ts'
import type { Json } from '#graph/json.ts'
import '../services.ts'

/** One for all spells of a user; what services keep has others. */
const NAMESPACE = 'spell'
const MOST_CHARACTERS = 512

type Context = Pick<NodeContext, 'services' | 'signal' | 'log'>

/** What is kept under a key; undefined: nothing is. */
export async function fromCache(key: Json, { services, signal, log }: Context): Promise<Json | undefined> {
  const { name, proof } = toName(key)
  const found = await unlessAway(services.cache.get({ namespace: NAMESPACE, key: name }, { signal }), log)
  if (!found?.value) return undefined
  const [value, kept = ''] = JSON.parse(new TextDecoder().decode(found.value)) as readonly [Json, string?]
  return kept === proof ? value : undefined
}

/** Keeps a value. Resolves with whether it is kept. */
export async function intoCache(
  key: Json,
  value: Json,
  ttlMs: number,
  { services, signal, log }: Context,
): Promise<boolean> {
  const { name, proof } = toName(key)
  const bytes = new TextEncoder().encode(JSON.stringify(proof === '' ? [value] : [value, proof]))
  const request = { namespace: NAMESPACE, key: name, value: bytes, ttlMs }
  return (await unlessAway(services.cache.set(request, { signal }), log)) !== undefined
}

/** The service takes texts of some length: a longer key goes by its digest, and is kept beside the value to be compared. */
function toName(key: Json): { readonly name: string; readonly proof: string } {
  const text = JSON.stringify(key)
  if (text.length <= MOST_CHARACTERS) return { name: text, proof: '' }
  const digest = createDigest()
  digest.add(text)
  return { name: `#${digest.hex()}.${text.length}`, proof: text }
}

/** A cache that is away has nothing and keeps nothing; that is no failure. */
async function unlessAway<T>(answer: Promise<T>, log: Context['log']): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'UNAVAILABLE' && code !== 'DEADLINE_EXCEEDED') throw error
    log('warn', 'the cache cannot be reached: it goes on without')
    return undefined
  }
}
