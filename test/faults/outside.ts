// The world outside: a language model that is paid for, and something that is changed by what is sent to it.
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { streamOf } from '#services/completion/openai-server.suite.ts'
import type { Effect } from './history.ts'

export interface Outside extends AsyncDisposable {
  /** What spells ask and send to. */
  readonly url: string
  readonly effects: readonly Effect[]
  /** What was at work now, or over only just: whether its answer was taken nobody can say. */
  excuse(): void
  /** Told of each request when it has come, and when its answer is handed over; the answer waits for it. */
  watch(pass: (what: string) => Promise<void>): void
}

const WORDS = ['Once', ' upon', ' a', ' time', ' …']
const WORD_MS = 8
/** How long something may lie in buffers on its way. */
const JUST_MS = 1_500

interface Noted extends Effect {
  endedAt: number
  excused: boolean
}

export async function openOutside(): Promise<Outside> {
  const effects: Noted[] = []
  let pass = (_what: string): Promise<void> => Promise.resolve()
  const server = createServer((request, response) => {
    response.on('error', () => {
      // Whoever asked is gone.
    })
    void answer(request, response).catch(() => response.destroy())
  })
  const note = (kind: Effect['kind'], request: IncomingMessage, body: string) => {
    const key = String(request.headers['idempotency-key'] ?? '').replaceAll('"', '')
    const effect: Noted = { kind, key, request: body, answered: false, endedAt: Infinity, excused: false }
    effects.push(effect)
    return effect
  }
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    if (request.url === '/v1/models')
      return void response
        .setHeader('content-type', 'application/json')
        .end(
          JSON.stringify({ object: 'list', data: [{ id: 'tiny-1', object: 'model', created: 1, owned_by: 'a test' }] }),
        )
    const effect = note(request.url === '/send' ? 'send' : 'completion', request, body)
    await pass(`${effect.kind} has come`)
    response.on('finish', () => {
      effect.endedAt = performance.now()
      effect.answered = !effect.excused
      pass(`${effect.kind} was answered`).catch(() => undefined)
    })
    if (effect.kind === 'send') return void response.end('taken')
    response.setHeader('content-type', 'text/event-stream')
    for (const line of streamOf(WORDS).split(/(?<=\n\n)/)) {
      if (response.destroyed) return
      response.write(line)
      await new Promise(resolve => setTimeout(resolve, WORD_MS))
    }
    response.end()
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    effects,
    excuse() {
      for (const effect of effects) {
        if (effect.kind !== 'completion' || performance.now() - effect.endedAt > JUST_MS) continue
        effect.excused = true
        effect.answered = false
      }
    },
    watch(given) {
      pass = given
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
