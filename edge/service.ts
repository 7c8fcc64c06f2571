import { CacheServiceDefinition } from '#gen/spellmesh/cache/v1/cache.ts'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import { EntityServiceDefinition } from '#gen/spellmesh/entity/v1/entity.ts'
import { EventServiceDefinition } from '#gen/spellmesh/event/v1/event.ts'
import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { SearchServiceDefinition } from '#gen/spellmesh/search/v1/search.ts'
import { SpeechServiceDefinition } from '#gen/spellmesh/speech/v1/speech.ts'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import type { Log } from '#mesh/log.ts'
import { defineService } from '#mesh/service.ts'
import { flag, integer, text } from '#mesh/settings.ts'
import { createAuthentication } from './authentication.ts'
import { createChannels } from './channels.ts'
import { createGate } from './gate.ts'
import { createHttpApp } from './http/app.ts'
import type { HttpApp } from './http/app.ts'
import { readContracts } from './http/descriptors.ts'
import type { Contracts } from './http/descriptors.ts'
import { readFiles } from './http/files.ts'
import { UPLOAD_PATH } from './http/knowledge.ts'
import { writeMessage } from './http/messages.ts'
import type { AnyClient } from './http/rest.ts'
import { IDLE_SECONDS, LIMIT_SETTINGS, SOCKET_BUFFER_BYTES } from './limits.ts'
import { createDeliver } from './measures.ts'
import { createRunners } from './runners.ts'
import type { RunnerClient } from './runners.ts'
import { createSessions } from './sessions.ts'
import type { OpenServer, ServerOptions, SocketServer } from './sockets/socket.ts'
import { loadUws } from './sockets/uws.ts'

/** How long requests may take to be answered when this edge is to end; and where nobody else serves and somebody waits for the process. */
const FINISH_MS = 20_000
const ALONE_FINISH_MS = 3_000
/** Where a spell's document is sent. */
const WITH_DOCUMENT = /^\/v1\/spells(?:$|\/(?:import|[^/]+)$)/

/** Whose contracts REST shows. */
const SHOWN = {
  user: UserServiceDefinition,
  spellRunner: SpellRunnerServiceDefinition,
  cache: CacheServiceDefinition,
  completion: CompletionServiceDefinition,
  huggingface: HuggingfaceServiceDefinition,
  speech: SpeechServiceDefinition,
  document: DocumentServiceDefinition,
  event: EventServiceDefinition,
  entity: EntityServiceDefinition,
  search: SearchServiceDefinition,
  weaviate: WeaviateServiceDefinition,
} as const

export default defineService({
  settings: {
    PORT: integer('port that people and programs use; 0: a free one', 8080, { max: 65_535 }),
    HOST: text('address it listens on; empty: this computer alone until the instance is claimed, then all'),
    ALLOWED_ORIGINS: text(
      'further origins whose pages may use this instance, separated by commas, e.g. https://spells.example.org',
    ),
    SECURE_COOKIES: flag('whether cookies are for HTTPS only: say yes behind a proxy that ends TLS', false),
    BODY_BYTES: integer('largest body of a request', 1024 * 1024, { min: 1024 }),
    DOCUMENT_BYTES: integer('largest body with a spell in it', 10 * 1024 * 1024, { min: 1024 }),
    UPLOAD_BYTES: integer('largest file that is taken', 100 * 1024 * 1024, { min: 1024 }),
    ...LIMIT_SETTINGS,
  },
  uses: SHOWN,
  async start(environment) {
    const { settings, services, bus, log, metrics, tracer } = environment
    const [contracts, files, openServer] = await Promise.all([readContracts(), readFiles(), findServer(log)])
    const authentication = createAuthentication(services.user, bus, listOf(settings.ALLOWED_ORIGINS))
    const runners = createRunners({
      some: services.spellRunner,
      connect: environment.connect,
      ...(environment.address === undefined ? {} : { own: environment.address }),
      alone: environment.alone,
      log,
    })
    const http = createHttpApp({
      contracts,
      authentication,
      runner: runners.client,
      ...{ documents: services.document, events: services.event },
      clients: clientsOf({ ...services, spellRunner: runners.client }),
      secure: settings.SECURE_COOKIES,
      ...{ log, metrics, tracer, files },
      readiness: () => environment.readiness(),
      // Alone there is nobody to go to.
      draining: environment.alone ? new AbortController().signal : environment.draining,
    })
    const looks = createGate(LOOKS)
    const channels = createChannels(bus, {
      publish: (topic, text) => server.publish(topic, text),
      frameBytes: settings.FRAME_BYTES,
      deliver: createDeliver(metrics, tracer),
      lastSeqOf: (user, run) => looks(() => lastSeqOf(runners.client, user, run)),
    })
    const sessions = createSessions({
      settings,
      authentication,
      runners,
      channels,
      ...{ log, bus, metrics, tracer },
      ...createTexts(contracts),
    })
    // Also where the port is taken. Ends come in reverse: this one last.
    environment.onStop(() => {
      channels.close()
      runners.close()
    })
    const server: SocketServer = await openServer({
      host: settings.HOST || ((await services.user.getInstance({})).claimed ? '0.0.0.0' : '127.0.0.1'),
      port: settings.PORT,
      http: (request, address) => http.answer(request, address),
      upgrade: upgrade => sessions.upgrade(upgrade),
      open: socket => sessions.open(socket),
      ...bodiesOf(settings),
      frameLimitBytes: settings.FRAME_BYTES,
      bufferLimitBytes: SOCKET_BUFFER_BYTES,
      idleSeconds: IDLE_SECONDS,
    })
    environment.onStop(async () => {
      server.refuse()
      await Promise.all([sessions.drain(), untilIdle(http, environment.alone ? ALONE_FINISH_MS : FINISH_MS)])
      await server.close()
    })
    environment.announce(`http://localhost:${server.port}`)
  },
})

async function findServer(log: Log): Promise<OpenServer> {
  const uws = await loadUws()
  if (uws) return uws
  log.warn({}, 'uWebSockets.js does not load on this machine: its slower stand-in serves')
  return (await import('./sockets/ws.ts')).openWs
}

/** Files come as streams. */
function bodiesOf(limits: {
  readonly UPLOAD_BYTES: number
  readonly DOCUMENT_BYTES: number
  readonly BODY_BYTES: number
}): Pick<ServerOptions, 'bodyLimitBytes' | 'streamsBody'> {
  return {
    bodyLimitBytes(path) {
      if (path === UPLOAD_PATH) return limits.UPLOAD_BYTES
      return WITH_DOCUMENT.test(path) ? limits.DOCUMENT_BYTES : limits.BODY_BYTES
    },
    streamsBody: (method, path) => method === 'POST' && path === UPLOAD_PATH,
  }
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map(one => one.trim())
    .filter(Boolean)
}

/** Readings at once of those who wait and hear nothing. */
const LOOKS = 16

async function lastSeqOf(client: RunnerClient, user: string, runId: string): Promise<number> {
  const { run } = await client.getRun({ runId }, { caller: { user, service: 'edge' } })
  return run?.lastSeq ?? 0
}

/** Clients by the names that the descriptors have for their services. */
function clientsOf(services: Readonly<Record<keyof typeof SHOWN, object>>): Readonly<Record<string, AnyClient>> {
  return Object.fromEntries(
    Object.entries(SHOWN).map(([name, { fullName }]) => [fullName, services[name as keyof typeof SHOWN] as AnyClient]),
  )
}

/** Spells and runs as sessions show them: as REST does. */
function createTexts(contracts: Contracts) {
  const messageOf = (rpcName: string, field: string) => {
    const found = contracts.rules
      .find(({ rpc }) => rpc.name === rpcName)
      ?.rpc.output.fields.find(one => one.name === field)
    if (found?.fieldKind !== 'message') throw new Error(`the contract of "${rpcName}" has no "${field}"`)
    return found.message
  }
  const [spell, run] = [messageOf('GetSpell', 'spell'), messageOf('GetRun', 'run')]
  return {
    spellText: (value: object) => writeMessage(spell, { ...value }, contracts),
    runText: (value: object) => writeMessage(run, { ...value }, contracts),
  }
}

/** Resolves when no request is in work, or after a while. */
async function untilIdle(http: HttpApp, withinMs: number): Promise<void> {
  const late = Date.now() + withinMs
  while (http.inFlight() > 0 && Date.now() < late) await new Promise(resolve => setTimeout(resolve, 20))
}
