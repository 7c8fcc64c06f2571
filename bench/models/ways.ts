import OpenAI from 'openai'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { openServerDatabase } from '#mesh/database-pg.ts'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import { openIdentities } from '#mesh/identities.ts'
import type { Identities } from '#mesh/identity.ts'
import { createLog } from '#mesh/log.ts'
import type { Client } from '#mesh/service.ts'
import { createGrpcClients } from '#mesh/transport-grpc-client.ts'

export type Way = 'bare' | 'memory' | 'grpc'

/** Asks for an answer of so many tokens and hands over its text as it comes. Resolves at its end, or when the signal aborts. */
export type Ask = (
  asked: { readonly model: string; readonly tokens: number; readonly signal: AbortSignal },
  onText: (text: string) => void,
) => Promise<void>

const CONTENT = 'Write a long story about a bench.'
const USER = 'u_bench'
/** What completion uses; here all of it is in one process. */
const SERVICES = ['completion', 'cache', 'huggingface', 'user']

export function openAsk(way: Way, settings: Readonly<Record<string, string>>): Promise<Ask> | Ask {
  switch (way) {
    case 'bare':
      return askBare(settings['OPENAI_BASE_URL'] ?? '')
    case 'memory':
      return askInMemory(settings)
    case 'grpc':
      return askByGrpc(settings['DATABASE_URL'] ?? '', settings['COMPLETION_ADDRESS'] ?? '')
  }
}

function askBare(url: string): Ask {
  const client = new OpenAI({ apiKey: 'none', baseURL: url, maxRetries: 0 })
  return async ({ model, tokens, signal }, onText) => {
    const stream = await client.chat.completions.create(
      {
        model,
        stream: true,
        stream_options: { include_usage: true },
        max_tokens: tokens,
        messages: [{ role: 'user', content: CONTENT }],
      },
      { signal },
    )
    for await (const chunk of stream) {
      const text = chunk.choices[0]?.delta.content
      if (text) onText(text)
    }
  }
}

async function askInMemory(settings: Readonly<Record<string, string>>): Promise<Ask> {
  const services = await loadServices(SERVICES)
  const host = await startHost({ services, source: { ...settings, LOG_LEVEL: 'error' }, serve: false })
  const client = host.client(CompletionServiceDefinition, { user: USER, service: 'spell-runner' })
  return askCompletion(client, host.identities)
}

async function askByGrpc(databaseUrl: string, address: string): Promise<Ask> {
  const database = await openServerDatabase(databaseUrl, { max: 2, log: createLog('error') })
  const identities = await openIdentities(database)
  const clients = createGrpcClients(identities)
  const client = clients.client(CompletionServiceDefinition, address, { user: USER, service: 'spell-runner' })
  return askCompletion(client, identities)
}

/** As nodes of a run ask: with the proof of the run, and with what it is charged to. */
async function askCompletion(client: Client<typeof CompletionServiceDefinition>, identities: Identities): Promise<Ask> {
  const capability = await identities.sign(
    { user: USER, service: 'spell-runner' },
    { audience: 'secrets', lifeMs: 600_000, claims: { run: 'r_bench' } },
  )
  return async ({ model, tokens, signal }, onText) => {
    const parts = client.complete(
      {
        model: `openai/${model}`,
        messages: [{ role: 'user', content: CONTENT }],
        maxTokens: tokens,
        origin: { agentId: '', spellId: 's_bench', runId: 'r_bench', nodeId: 'say' },
      },
      { signal, metadata: { capability } },
    )
    for await (const { part } of parts) if (part?.$case === 'text') onText(part.value)
  }
}
