// Run in a process of its own: who asks a model, in one of three ways: by the openai package (`bare`), by completion in this process (`memory`), or by completion in
// another process (`grpc`). It counts what it is told.
import { serveCommands } from '../mesh/commands.ts'
import { openAsk } from './ways.ts'
import type { Ask, Way } from './ways.ts'

const WORD = ' word'.length
/** Of the model `paced`. */
const PACE_MS = 20
const [way = '', settings = '{}'] = process.argv.slice(2)
const ask: Ask = await openAsk(way as Way, JSON.parse(settings) as Record<string, string>)
const open: AbortController[] = []

/** Asks for so many tokens; answers when the first one came, in milliseconds. Rejects unless all of them came. */
async function listen(model: string, tokens: number): Promise<number> {
  const began = performance.now()
  let firstMs = 0
  let letters = 0
  await ask({ model, tokens, signal: new AbortController().signal }, text => {
    if (letters === 0) firstMs = performance.now() - began
    letters += text.length
  })
  if (letters !== tokens * WORD) throw new Error(`expected ${tokens * WORD} letters, got ${letters}`)
  return firstMs
}

await serveCommands({
  /** Tokens a second of so many streams at once. */
  async all({ streams, tokens }: { streams: number; tokens: number }) {
    const began = performance.now()
    await Promise.all(Array.from({ length: streams }, () => listen('fast', tokens)))
    return (streams * tokens) / ((performance.now() - began) / 1000)
  },
  /** Times to the first token, one answer after another. */
  async firsts({ count }: { count: number }) {
    const times: number[] = []
    for (let made = 0; made < count; made++) times.push(await listen('fast', 1))
    return times
  },
  /** Times to the first token of so many streams at once, each of which begins again when it is over: always as many are open. */
  async firstsAmong({ streams, tokens, rounds }: { streams: number; tokens: number; rounds: number }) {
    const times: number[] = []
    await Promise.all(
      Array.from({ length: streams }, async (_, index) => {
        // They begin one after another, and go on doing so.
        await new Promise(resolve => setTimeout(resolve, (index / streams) * tokens * PACE_MS))
        for (let round = 0; round < rounds; round++) times.push(await listen('paced', tokens))
      }),
    )
    return times
  },
  /** Opens streams that do not end; resolves when each has said something. */
  async open({ count }: { count: number }) {
    await Promise.all(
      Array.from({ length: count }, () => {
        const one = new AbortController()
        open.push(one)
        return new Promise<void>((resolve, reject) => {
          ask({ model: 'open', tokens: 1_000_000, signal: one.signal }, () => resolve()).catch(reject)
        })
      }),
    )
    return open.length
  },
  close() {
    for (const one of open.splice(0)) one.abort()
  },
})
