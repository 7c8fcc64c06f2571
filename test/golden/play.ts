// Runs an example with a clock, a seed and answers that are the same everywhere. The same file runs in Node and, bundled, in a browser.
import { NodeFailure } from '#graph/define.ts'
import type { NodeServices, Registry } from '#graph/define.ts'
import { createDigest } from '#graph/digest.ts'
import { checkInputs } from '#graph/interface.ts'
import type { Entry } from '#graph/journal.ts'
import { parseDocument } from '#graph/parse.ts'
import { compile } from '#graph/plan.ts'
import type { Run } from '#graph/run.ts'
import { startRun } from '#graph/run.ts'
import type { NodeExample } from '#nodes/example.ts'
import '#nodes/services.ts'

const nobody = (what: string) => () => Promise.reject(new NodeFailure('UNAVAILABLE', `there is no ${what} here`))
const noStream = (what: string) => (): AsyncIterable<never> => ({
  [Symbol.asyncIterator]: () => ({ next: nobody(what) }),
})

/** The journal, an entry a line. */
export async function playGolden(registry: Registry, example: NodeExample): Promise<string> {
  const documentOf = (json: unknown) => {
    const { document } = parseDocument(json)
    if (!document) throw new Error('an example that is not a document')
    return document
  }
  const library = new Map(Object.entries(example.library ?? {}).map(([name, json]) => [name, documentOf(json)]))
  const plan = compile(documentOf(example.spell), registry, { library: name => library.get(name) })
  const lines: string[] = []
  const digest = createDigest()
  const answers = [...(example.answers ?? [])]
  const messages = [...(example.messages ?? [])]
  /** When nothing happens any more unless somebody does something. */
  const act = () => {
    if (run.standing === 'working' || run.standing === 'ended') return
    const [wait] = run.waits
    const answer = wait?.form && answers.shift()
    if (wait && answer) return run.answer(wait.activation, { choice: 'answer', value: answer.value })
    const message = messages.shift()
    if (message) return run.send(message.name, message.message)
    if (run.standing === 'listening') run.cancel('that is all')
  }
  const run: Run = startRun({
    run: 'golden',
    spell: 'golden',
    revision: 1,
    user: 'golden',
    plan,
    inputs: checkInputs(plan.interface, example.inputs).values ?? {},
    seed: 7,
    append(entry: Entry) {
      const line = JSON.stringify(entry)
      lines.push(line)
      if (!('lastSeq' in entry)) digest.add(line)
      setTimeout(act, 0)
    },
    digest(entry) {
      digest.add(JSON.stringify(entry))
      return digest.hex()
    },
    host: {
      now: () => 1_700_000_000_000,
      // No time passes: what is due is due now, in the order in which it was asked for.
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          const timer = setTimeout(resolve, ms > 60_000 ? 60_000 : 0)
          signal.addEventListener('abort', () => {
            clearTimeout(timer)
            reject(signal.reason as Error)
          })
        }),
      turn: () => new Promise(resolve => setTimeout(resolve, 0)),
      services: {
        completion: { complete: noStream('model'), embed: nobody('model'), generateImage: noStream('model') },
        cache: { get: nobody('cache'), set: nobody('cache') },
        huggingface: { run: noStream('model') },
        speech: { synthesize: noStream('voice'), transcribe: noStream('ear') },
        document: {
          upload: nobody('shelf'),
          fetch: nobody('shelf'),
          watch: noStream('shelf'),
          getDocument: nobody('shelf'),
          listChunks: nobody('shelf'),
        },
        event: {
          append: nobody('memory'),
          search: nobody('memory'),
          transcript: nobody('memory'),
          publish: nobody('memory'),
          subscribe: noStream('memory'),
        },
        entity: {
          get: nobody('register'),
          find: nobody('register'),
          upsert: nobody('register'),
          link: nobody('register'),
          suggest: nobody('register'),
        },
        search: { search: nobody('search') },
      } satisfies NodeServices,
      sandbox: { run: nobody('sandbox') },
      fetch: nobody('web'),
    },
  })
  setTimeout(act, 0)
  await run.done
  return lines.join('\n')
}
