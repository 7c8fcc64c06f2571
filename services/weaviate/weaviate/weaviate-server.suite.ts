// A little Weaviate in this process for tests: REST for the schema, gRPC for objects, by the definitions that its own client is generated from, and with the answers that its source gives.
import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createGrpcServer, ServerError, Status } from 'nice-grpc'
import type { Server as GrpcServer } from 'nice-grpc'
import type {
  BatchObject,
  BatchObjectsRequest,
} from '../../../node_modules/weaviate-client/dist/node/esm/proto/v1/batch.js'
import type { SearchRequest } from '../../../node_modules/weaviate-client/dist/node/esm/proto/v1/search_get.js'
import { WeaviateDefinition } from '../../../node_modules/weaviate-client/dist/node/esm/proto/v1/weaviate.js'
import { Classes, Refused } from './weaviate-classes.suite.ts'
import type { ClassProperty } from './weaviate-classes.suite.ts'
import { fits, nearest, ranked, textOf } from './weaviate-search.suite.ts'
import type { Hit } from './weaviate-search.suite.ts'

export interface WeaviateServer extends AsyncDisposable {
  /** `WEAVIATE_URL`, `WEAVIATE_GRPC_URL` and `WEAVIATE_API_KEY`. */
  readonly settings: Readonly<Record<string, string>>
  readonly classes: Classes
  /** What came of which objects, in order: `put a`, `delete a`. */
  readonly writes: string[]
  readonly faults: Faults
  /** Ends it; what it keeps stays. */
  stop(): Promise<void>
  /** Answers again where it was. */
  start(): Promise<void>
  /** Ends gRPC alone. */
  stopGrpc(): void
}

/** What goes wrong. */
export interface Faults {
  /** The key that it takes. */
  key: string
  /** Objects with these ids are refused. */
  refused: RegExp
  /** Requests with objects of these ids are refused as a whole. */
  spoilt: RegExp
  /** Called when somebody asks; the answer comes when it resolves. */
  onSearch: () => Promise<void>
}
const NONE = /^$/

interface State {
  readonly classes: Classes
  readonly writes: string[]
  readonly faults: Faults
}

const KEY = 'key-for-tests'
const WRONG_KEY = 'invalid api key, please provide a valid api key'

export async function openWeaviateServer(): Promise<WeaviateServer> {
  const faults: Faults = { key: KEY, refused: NONE, spoilt: NONE, onSearch: async () => {} }
  const state: State = { classes: new Classes(), writes: [], faults }
  let [restPort, grpcPort] = [0, 0]
  let rest: Server | undefined
  let grpc: GrpcServer | undefined
  const server: WeaviateServer = {
    get settings() {
      return {
        WEAVIATE_URL: `http://127.0.0.1:${restPort}`,
        WEAVIATE_GRPC_URL: `http://127.0.0.1:${grpcPort}`,
        WEAVIATE_API_KEY: KEY,
      }
    },
    ...state,
    async start() {
      rest = createServer((request, response) => {
        void answer(state, request).then(({ status, body }) =>
          response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body)),
        )
      })
      grpc = createGrpcServer({ 'grpc.max_receive_message_length': 104_858_000 })
      grpc.add(WeaviateDefinition, createCalls(state) as never)
      grpcPort = await grpc.listen(`127.0.0.1:${grpcPort}`)
      await new Promise<void>(resolve => rest?.listen(restPort, '127.0.0.1', resolve))
      restPort = (rest.address() as AddressInfo).port
    },
    async stop() {
      const ended = new Promise(resolve => (rest ? rest.close(resolve) : resolve(undefined)))
      rest?.closeAllConnections()
      server.stopGrpc()
      await ended
      rest = undefined
    },
    stopGrpc() {
      grpc?.forceShutdown()
      grpc = undefined
    },
    [Symbol.asyncDispose]: () => server.stop(),
  }
  await server.start()
  return server
}

async function answer(
  { classes, faults }: State,
  request: IncomingMessage,
): Promise<{ status: number; body: unknown }> {
  let text = ''
  for await (const part of request) text += String(part)
  const path = new URL(request.url ?? '', 'http://weaviate').pathname
  try {
    if (path === '/v1/.well-known/ready') return { status: 200, body: undefined }
    if (request.headers.authorization !== `Bearer ${faults.key}`)
      return { status: 401, body: { code: 401, message: WRONG_KEY } }
    return {
      status: 200,
      body: route(classes, `${request.method} ${path}`, text === '' ? undefined : JSON.parse(text)),
    }
  } catch (error) {
    const status = error instanceof Refused ? error.status : 500
    if (status === 404) return { status, body: undefined }
    return { status, body: { error: [{ message: error instanceof Error ? error.message : String(error) }] } }
  }
}

function route(classes: Classes, call: string, body: unknown): unknown {
  const [, className = '', rest = ''] = /^\w+ \/v1\/schema(?:\/(\w+))?(?:\/(\w+))?$/.exec(call) ?? []
  const [method] = call.split(' ')
  if (call === 'GET /v1/meta')
    return { version: '1.32.4', hostname: 'http://weaviate', grpcMaxMessageSize: 104_858_000 }
  if (call === 'POST /v1/schema') return classes.create(body as Record<string, unknown>)
  if (method === 'GET' && className !== '' && rest === '') {
    const found = classes.find(className)
    if (!found) throw new Refused(404, 'it says no more')
    return found.definition
  }
  if (method === 'POST' && rest === 'properties') return classes.addProperty(className, body as ClassProperty)
  if (method === 'POST' && rest === 'tenants') {
    classes.addTenants(
      className,
      (body as { name: string }[]).map(({ name }) => name),
    )
    return body
  }
  if (method === 'DELETE' && rest === 'tenants') {
    classes.removeTenants(className, body as string[])
    return undefined
  }
  throw new Refused(404, `there is no ${call} here`)
}

function createCalls({ classes, writes, faults }: State) {
  const guarded =
    <Q, A>(work: (request: Q) => A | Promise<A>) =>
    async (request: Q, context: { metadata: { get(name: string): unknown } }): Promise<A> => {
      if (context.metadata.get('authorization') !== `Bearer ${faults.key}`)
        throw new ServerError(Status.UNKNOWN, `extract auth: ${WRONG_KEY}`)
      try {
        return await work(request)
      } catch (error) {
        throw error instanceof Refused ? new ServerError(Status.UNKNOWN, error.message) : error
      }
    }
  return {
    search: guarded(async (request: SearchRequest) => {
      await faults.onSearch()
      return search(classes, request)
    }),
    batchObjects: guarded(({ objects }: BatchObjectsRequest) => {
      if (objects.some(object => faults.spoilt.test(idOf(object)))) throw new Refused(422, 'a request that is spoilt')
      return {
        took: 0,
        errors: objects.flatMap((object, index) => {
          const error = store(classes, faults, object)
          if (error === undefined) writes.push(`put ${idOf(object)}`)
          return error === undefined ? [] : [{ index, error }]
        }),
      }
    }),
    batchDelete: guarded((request: { collection: string; tenant?: string; filters: never }) => {
      const { definition, objects } = classes.shard(request.collection, request.tenant ?? '')
      const matching = [...objects.values()]
        .filter(object => fits(definition, request.filters, object))
        .slice(0, MOST_DELETED)
      for (const { uuid, properties } of matching) {
        objects.delete(uuid)
        writes.push(`delete ${textOf(properties['object_id'])}`)
      }
      return { took: 0, failed: 0, matches: matching.length, successful: matching.length, objects: [] }
    }),
    aggregate: guarded((request: { collection: string; tenant: string; objectsCount: boolean }) => ({
      took: 0,
      singleResult: {
        objectsCount: request.objectsCount ? classes.shard(request.collection, request.tenant).objects.size : 0,
      },
    })),
    // What we do not call.
    ...Object.fromEntries(['batchReferences', 'batchStream', 'tenantsGet'].map(name => [name, refuseCall])),
  }
}

function refuseCall(): never {
  throw new ServerError(Status.UNIMPLEMENTED, 'not known here')
}

/** `QUERY_MAXIMUM_RESULTS`, smaller. */
const MOST_DELETED = 100

function idOf({ properties }: BatchObject): string {
  return textOf(properties?.nonRefProperties?.['object_id'])
}

/** Why it is refused; undefined: it is not. */
function store(classes: Classes, { refused }: Faults, object: BatchObject): string | undefined {
  const { uuid, collection, tenant, properties, vectorBytes, vectors, vector: old } = object
  const values: Record<string, unknown> = { ...properties?.nonRefProperties }
  for (const { propName, values: texts } of properties?.textArrayProperties ?? []) values[propName] = texts
  for (const name of properties?.emptyListProps ?? []) values[name] = []
  const bytes = vectorBytes.length > 0 ? vectorBytes : vectors[0]?.vectorBytes
  const vector = bytes && bytes.length > 0 ? floatsOf(bytes) : old.length > 0 ? old : undefined
  try {
    if (refused.test(idOf(object))) throw new Refused(422, 'an object that is refused')
    classes.put(collection, tenant, { uuid, properties: values, vector })
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function search(classes: Classes, request: SearchRequest) {
  const { collection, tenant, filters, bm25Search, nearVector, limit, properties, metadata } = request
  const { definition, objects } = classes.shard(collection, tenant)
  const all = [...objects.values()]
  const fitting = all.filter(object => fits(definition, filters, object))
  let hits: readonly Hit[] = fitting.map(object => ({ object }))
  if (bm25Search) hits = ranked(definition, fitting, all, bm25Search.query, bm25Search.properties)
  if (nearVector) {
    const bytes = nearVector.vectors[0]?.vectorBytes ?? nearVector.vectorBytes
    hits = nearest(fitting, floatsOf(bytes))
  }
  const results = hits.slice(0, limit === 0 ? 25 : limit).map(({ object, distance, score }) => ({
    properties: {
      nonRefProps: {
        fields: Object.fromEntries(
          (properties?.nonRefProperties ?? []).map(name => [name, { textValue: textOf(object.properties[name]) }]),
        ),
      },
    },
    metadata: {
      id: object.uuid,
      ...(metadata?.distance && distance !== undefined ? { distance, distancePresent: true } : {}),
      ...(metadata?.score && score !== undefined ? { score, scorePresent: true } : {}),
      ...(metadata?.vector && object.vector ? { vectorBytes: bytesOf(object.vector) } : {}),
    },
  }))
  return { took: 0, results }
}

function floatsOf(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(index * 4, true))
}

function bytesOf(vector: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(vector).buffer)
}
