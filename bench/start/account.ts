import { createRest } from '#client/index.ts'
import type { RestClient } from '#client/types.ts'
import type { JsonObject } from '#graph/json.ts'

/** Somebody with an account of their own. */
export interface Account {
  readonly token: string
  readonly rest: RestClient
}

let made = 0

export async function openAccount(url: string): Promise<Account> {
  const email = `bench-${++made}@example.org`
  const given = { email, password: 'correct horse battery', name: `Bench ${made}` }
  const { accessToken: token } = await createRest({ baseUrl: url }).register(given)
  return { token, rest: createRest({ baseUrl: url, token: async () => token }) }
}

export const spellOf = (name: string, nodes: object, wires: readonly (readonly string[])[]) =>
  ({ format: 'spell/1', name, description: '', nodes, wires, state: {}, notes: [] }) as unknown as JsonObject

/** Three nodes. */
export const greeter = spellOf(
  'Greeter',
  {
    start: { type: 'flow/start' },
    say: { type: 'text/template', config: { template: 'Hello world' } },
    out: { type: 'flow/output', config: { name: 'greeting' } },
  },
  [
    ['start.out', 'out.in'],
    ['say.text', 'out.value'],
  ],
)

/** Asks the built-in model, which streams. */
export const talker = spellOf(
  'Talker',
  {
    start: { type: 'flow/start' },
    ask: { type: 'ai/complete', values: { prompt: 'hello' } },
    out: { type: 'flow/output', config: { name: 'answer' } },
  },
  [
    ['start.out', 'ask.in'],
    ['ask.out', 'out.in'],
    ['ask.text', 'out.value'],
  ],
)
