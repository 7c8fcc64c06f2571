// Embeddings of everything that speaks OpenAI's API.
import { cancelled, isCoded, unavailable } from '#mesh/errors.ts'
import type { ProviderCall, ProviderEmbedding, ProviderEmbedRequest } from '../provider.ts'
import { toCoded } from './client.ts'
import type { ClientFor, Vendor } from './client.ts'

/** Vendors that have none. */
const WITHOUT: ReadonlySet<string> = new Set(['anthropic', 'groq', 'deepseek', 'ai21'])
/** Most texts of one request, where it is fewer than anybody asks for. */
const AT_ONCE: Readonly<Record<string, number>> = { google: 100 }
/** Most characters of one request: below the least limit of tokens that vendors have for it. */
const MOST_CHARACTERS = 400_000
const MOST_TEXTS = 256
const MOST_FIXED = 1_000

/** How embeddings of a vendor are asked for; undefined: it has none. `isOwn`: under its name stands a server of one's own. */
export function createEmbed(
  { name, vendor, clientFor }: { name: string; vendor: Vendor; clientFor: ClientFor },
  isOwn: boolean,
): ((request: ProviderEmbedRequest, call: ProviderCall) => Promise<ProviderEmbedding>) | undefined {
  if (!isOwn && WITHOUT.has(name)) return undefined
  const atOnce = isOwn ? MOST_TEXTS : (AT_ONCE[name] ?? MOST_TEXTS)
  /** Models whose vectors the vendor does not shorten: they come as long as they are, and others cut them. */
  const fixed = new Set<string>()
  const askPart = async (request: ProviderEmbedRequest, call: ProviderCall): Promise<ProviderEmbedding> => {
    const { dimensions, ...whole } = request
    if (dimensions === undefined || fixed.has(request.model)) return ask(whole, call, { vendor, clientFor })
    try {
      return await ask(request, call, { vendor, clientFor })
    } catch (error) {
      if (!isCoded(error, 'INVALID_ARGUMENT') || !/dimension|matryoshka/i.test(error.message)) throw error
      const answer = await ask(whole, call, { vendor, clientFor })
      if (fixed.size < MOST_FIXED) fixed.add(request.model)
      return answer
    }
  }
  return async (request, call) => {
    const vectors: (readonly number[] | Float32Array)[] = []
    let inputTokens = 0
    for (const texts of partsOf(request.texts, atOnce)) {
      const part = await askPart({ ...request, texts }, call)
      vectors.push(...part.vectors)
      inputTokens += part.usage.inputTokens
    }
    return { vectors, usage: { inputTokens, outputTokens: 0 } }
  }
}

async function ask(
  { model, texts, dimensions }: ProviderEmbedRequest,
  { key, signal }: ProviderCall,
  { vendor, clientFor }: { vendor: Vendor; clientFor: ClientFor },
): Promise<ProviderEmbedding> {
  // Most vendors refuse an empty text.
  const input = texts.map(text => (text === '' ? ' ' : text))
  const body = { model, input, ...(dimensions === undefined ? {} : { dimensions }) }
  try {
    const client = await clientFor(key)
    const { data, usage } = await client.embeddings.create(body, { signal })
    const vectors = data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding)
    if (vectors.length !== texts.length)
      throw unavailable(`the model's provider gave ${vectors.length} embeddings of ${texts.length} texts`)
    return { vectors, usage: { inputTokens: usage?.prompt_tokens ?? estimate(texts), outputTokens: 0 } }
  } catch (error) {
    if (signal.aborted) throw cancelled()
    throw toCoded(error, { vendor, key, model })
  }
}

function partsOf(texts: readonly string[], atOnce: number): readonly (readonly string[])[] {
  const parts: string[][] = []
  let characters = Infinity
  for (const text of texts) {
    const part = parts.at(-1)
    characters += text.length
    if (part && part.length < atOnce && characters <= MOST_CHARACTERS) part.push(text)
    else {
      parts.push([text])
      characters = text.length
    }
  }
  return parts
}

/** About how many tokens texts have, where the vendor does not tell. */
function estimate(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Math.ceil(Buffer.byteLength(text) / 4), 0)
}
