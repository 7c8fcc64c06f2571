// Models for tests: the real completion service, with its local model and with a server that speaks OpenAI's format and says what a test wants.
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { Json } from '#graph/json.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { openOpenAiServer } from '#services/completion/openai-server.suite.ts'
import type { OpenAiServer, Reply } from '#services/completion/openai-server.suite.ts'
import type { Completion } from '../services.ts'

/** The model that says what a test wants. */
export const SCRIPTED = 'openai/tiny-1'

export interface Models extends AsyncDisposable {
  readonly system: TestSystem
  readonly completion: Completion
  readonly server: OpenAiServer
  /** What the scripted model was sent last: messages, tools, response format. */
  asked(): Readonly<Record<string, unknown>>
}

export async function openModels(): Promise<Models> {
  const server = await openOpenAiServer()
  const system = await embedded({
    services: ['completion'],
    settings: { LOCAL_MODEL_DELAY_MS: '0', OPENAI_BASE_URL: server.url, OPENAI_API_KEY: 'k' },
  })
  return {
    system,
    completion: system.as('user-1').client(CompletionServiceDefinition),
    server,
    asked: () => server.asked.at(-1)?.body ?? {},
    async [Symbol.asyncDispose]() {
      await system.stop()
      await server[Symbol.asyncDispose]()
    },
  }
}

const line = (value: object | string) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const chunk = (delta: object, finish_reason: string | null = null) =>
  line({ choices: [{ index: 0, delta, finish_reason }] })
const USAGE = line({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 } })

const stream =
  (text: string): Reply =>
  response =>
    void response.setHeader('content-type', 'text/event-stream').end(text + USAGE + line('[DONE]'))

/** Says this, a text or a value as JSON. */
export function says(value: Json): Reply {
  return stream(chunk({ content: typeof value === 'string' ? value : JSON.stringify(value) }) + chunk({}, 'stop'))
}

/** Asks for tools; arguments that are a text are sent as they are. */
export function wants(...calls: readonly (readonly [name: string, given: Json])[]): Reply {
  const deltas = calls.map(([name, given], index) =>
    chunk({
      tool_calls: [
        {
          index,
          id: `call-${index + 1}`,
          type: 'function',
          function: { name, arguments: typeof given === 'string' ? given : JSON.stringify(given) },
        },
      ],
    }),
  )
  return stream(deltas.join('') + chunk({}, 'tool_calls'))
}
