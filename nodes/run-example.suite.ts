// Runs examples for real: the local models, the sandbox, a local server behind the guarded client.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import { EntityServiceDefinition } from '#gen/spellmesh/entity/v1/entity.ts'
import { EventServiceDefinition } from '#gen/spellmesh/event/v1/event.ts'
import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { SearchServiceDefinition } from '#gen/spellmesh/search/v1/search.ts'
import { SpeechServiceDefinition } from '#gen/spellmesh/speech/v1/speech.ts'
import { checkDocument } from '#graph/check.ts'
import type { NodeServices } from '#graph/define.ts'
import type { SpellDocument } from '#graph/document.ts'
import type { Entry } from '#graph/journal.ts'
import type { JsonObject } from '#graph/json.ts'
import { parseDocument } from '#graph/parse.ts'
import { createOutbound } from '#mesh/outbound.ts'
import { embedded } from '#mesh/testing.ts'
import { createSandbox } from '#services/spell-runner/sandbox/sandbox.ts'
import type { NodeExample } from './example.ts'
import type { Outcome } from './kit.suite.ts'
import { registry, runSpell } from './kit.suite.ts'
import type { Documents, Speech } from './services.ts'

/** All that examples need around them. */
export interface Stage extends AsyncDisposable {
  /** With a record: goes on from there, without what was answered and sent by then. */
  run(
    example: NodeExample,
    journal?: readonly Entry[],
  ): Promise<{ readonly outcome: Outcome; readonly document: SpellDocument; readonly library: Library }>
}
export type Library = (reference: string) => SpellDocument | undefined

export async function createStage(): Promise<Stage> {
  let web: NonNullable<NodeExample['web']> = {}
  const server = createServer(({ method = '', url = '' }, response) => {
    const found = web[`${method} https:/${url}`]
    response
      .writeHead(found?.status ?? 404, { 'content-type': 'application/json' })
      .end(JSON.stringify(found?.json ?? { error: `nothing at ${method} ${url}` }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const outbound = createOutbound({ OUTBOUND_ALLOW: host, limitBytes: 10_000, timeoutMs: 5_000 })
  const sandbox = createSandbox({ processes: 1, timeoutMs: 5_000 })
  const system = await embedded({
    services: ['completion', 'cache', 'huggingface', 'speech', 'document', 'event', 'entity', 'search'],
    settings: { LOCAL_MODEL_DELAY_MS: '0', COMPLETION_KEEP_MS: '0' },
  })
  const user = system.as('user-1')
  const services = {
    completion: user.client(CompletionServiceDefinition),
    cache: user.client(CacheServiceDefinition),
    huggingface: user.client(HuggingfaceServiceDefinition),
    speech: user.client(SpeechServiceDefinition) as Speech,
    document: user.client(DocumentServiceDefinition) as Documents,
    event: user.client(EventServiceDefinition),
    entity: user.client(EntityServiceDefinition),
    search: user.client(SearchServiceDefinition),
  } satisfies NodeServices
  return {
    async run(example, journal = []) {
      web = example.web ?? {}
      // Addresses below .example are nobody's: here they are the local server's.
      const text = JSON.stringify(example.spell).replaceAll(/https:\/\/(\w+\.example\b)/g, `http://${host}/$1`)
      const document = parse(JSON.parse(text) as JsonObject)
      const library: Library = name => (example.library?.[name] ? parse(example.library[name]) : undefined)
      const outcome = await runSpell(document, {
        // What it keeps under keys of its own is not another example's.
        run: `run-of-${example.title.replaceAll(/[^A-Za-z0-9]+/g, '-')}`,
        inputs: example.inputs,
        services,
        sandbox,
        fetch: outbound.fetch,
        library,
        journal,
        answers: (example.answers ?? []).slice(journal.filter(({ kind }) => kind === 'run.answered').length),
        messages: (example.messages ?? []).slice(journal.filter(({ kind }) => kind === 'node.emitted').length),
        retries: true,
      })
      return { outcome, document, library }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await outbound[Symbol.asyncDispose]()
      await sandbox[Symbol.asyncDispose]()
      await system.stop()
    },
  }
}

/** A document without any problem. */
function parse(json: JsonObject): SpellDocument {
  const parsed = parseDocument(json)
  const problems = parsed.document ? checkDocument(parsed.document, registry) : parsed.problems
  if (parsed.document && problems.length === 0) return parsed.document
  throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join('; '))
}
