import { ScalarType } from '@bufbuild/protobuf'
import type { DescField, DescMessage } from '@bufbuild/protobuf'
import type { Contracts, HttpRule } from './descriptors.ts'
import { describeByHand } from './openapi-by-hand.ts'

type Json = Record<string, unknown>

/** The OpenAPI 3.1 document of everything that REST answers: from the same descriptors as the routes. */
export function describeRest(contracts: Contracts, answered: (rule: HttpRule) => boolean): Json {
  const schemas: Record<string, Json> = { Error: ERROR }
  const paths: Record<string, Json> = {}
  const rules = contracts.rules.filter(answered)
  const times = Map.groupBy(rules, ({ rpc }) => rpc.localName)
  for (const rule of rules) {
    const { localName, parent } = rule.rpc
    // Several services have a `get`.
    const operationId =
      times.get(localName)?.length === 1 ? localName : `${firstLower(serviceOf(parent.name))}${firstUpper(localName)}`
    paths[rule.path] = {
      ...paths[rule.path],
      [rule.method]: { operationId, ...describeRule(rule, contracts, schemas) },
    }
  }
  for (const [path, operations] of Object.entries(
    describeByHand(message => refTo(message, contracts, schemas), contracts),
  ))
    paths[path] = { ...paths[path], ...operations }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Spellmesh',
      version: '1',
      description: 'Draw spells, run them, follow their runs. Sessions over WebSocket: see docs/protocol.md.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { cookie: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'spellmesh_session' },
      },
    },
  }
}

const ERROR = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'problems'],
      properties: {
        code: { type: 'string', description: 'The name of a gRPC status, e.g. INVALID_ARGUMENT.' },
        message: { type: 'string' },
        problems: {
          type: 'array',
          items: {
            type: 'object',
            properties: { path: { type: 'string' }, message: { type: 'string' }, node: { type: 'string' } },
          },
        },
        details: { description: 'E.g. both versions of a conflict.' },
      },
    },
  },
}

function describeRule({ rpc, path, hasBody }: HttpRule, contracts: Contracts, schemas: Record<string, Json>): Json {
  const inPath = new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
  const visible = rpc.input.fields.filter(field => !contracts.cookieOf(field))
  const parameters = visible
    .filter(field => inPath.has(field.name) || !hasBody)
    .map(field => ({
      name: inPath.has(field.name) ? field.name : field.jsonName,
      in: inPath.has(field.name) ? 'path' : 'query',
      required: inPath.has(field.name),
      description: contracts.commentOf(field),
      schema: describeField(field, contracts, schemas),
    }))
  const body = visible.filter(field => !inPath.has(field.name))
  return {
    tags: [serviceOf(rpc.parent.name)],
    description: contracts.commentOf(rpc),
    parameters: [...parameters, ...(EXTRA_PARAMETERS[rpc.name] ?? [])],
    ...(hasBody && body.length > 0
      ? { requestBody: { content: { 'application/json': { schema: describeFields(body, contracts, schemas) } } } }
      : {}),
    responses: {
      200: {
        description: 'The answer',
        content: {
          'application/json': { schema: refTo(rpc.output, contracts, schemas) },
          ...(EVENT_STREAMS.has(rpc.name) ? { 'text/event-stream': { schema: { type: 'string' } } } : {}),
        },
      },
      ...(rpc.name === 'StartRun'
        ? {
            202: {
              description: 'With `Prefer: respond-async`: the run goes on by itself',
              headers: { Location: { schema: { type: 'string' } } },
              content: { 'application/json': { schema: refTo(rpc.output, contracts, schemas) } },
            },
          }
        : {}),
      default: {
        description: 'What went wrong',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

const header = (name: string, description: string) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string' },
})
const EVENT_STREAMS = new Set(['StartRun', 'ListEntries'])
const EXTRA_PARAMETERS: Readonly<Record<string, readonly Json[]>> = {
  StartRun: [
    header('Idempotency-Key', 'The same key within a day gives the same run'),
    header('Prefer', '`respond-async`: answer 202 at once'),
  ],
  ListEntries: [header('Last-Event-ID', 'With `Accept: text/event-stream`: the id of the last event that arrived')],
}

function serviceOf(name: string): string {
  return name.replace(/Service$/, '')
}

function firstLower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function firstUpper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Where several services have a message of this name, with the service's: `EventGetResponse`. */
function schemaNameOf({ name, typeName }: DescMessage, contracts: Contracts): string {
  const [, service = ''] = typeName.split('.')
  return contracts.isCommon(name) ? `${service.split('_').map(firstUpper).join('')}${name}` : name
}

function refTo(message: DescMessage, contracts: Contracts, schemas: Record<string, Json>): Json {
  const name = schemaNameOf(message, contracts)
  if (!schemas[name]) {
    schemas[name] = {}
    schemas[name] = {
      ...describeFields(
        message.fields.filter(field => !contracts.cookieOf(field)),
        contracts,
        schemas,
      ),
      description: contracts.commentOf(message),
    }
  }
  return { $ref: `#/components/schemas/${name}` }
}

function describeFields(fields: readonly DescField[], contracts: Contracts, schemas: Record<string, Json>): Json {
  return {
    type: 'object',
    properties: Object.fromEntries(
      fields.map(field => [
        field.jsonName,
        { ...describeField(field, contracts, schemas), description: contracts.commentOf(field) },
      ]),
    ),
  }
}

function describeField(field: DescField, contracts: Contracts, schemas: Record<string, Json>): Json {
  if (field.fieldKind === 'list')
    return {
      type: 'array',
      items: field.listKind === 'message' ? refTo(field.message, contracts, schemas) : describeScalar(field.scalar),
    }
  if (field.fieldKind === 'message') return refTo(field.message, contracts, schemas)
  return contracts.isJson(field) ? {} : describeScalar(field.scalar)
}

function describeScalar(type: ScalarType | undefined): Json {
  switch (type) {
    case ScalarType.STRING:
      return { type: 'string' }
    case ScalarType.BOOL:
      return { type: 'boolean' }
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: 'number' }
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' }
    default:
      return { type: 'integer', minimum: 0 }
  }
}
