import type { DescMessage } from '@bufbuild/protobuf'
import { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import type { Contracts } from './descriptors.ts'

type Json = Record<string, unknown>

const FAILED = {
  description: 'What went wrong',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
}
const FILE = { '*/*': { schema: { type: 'string', format: 'binary' } } }

/** What REST answers beside the rules of the contracts: files, and what goes on (knowledge.ts). */
export function describeByHand(refTo: (message: DescMessage) => Json, contracts: Contracts): Record<string, Json> {
  const { output: uploaded } = contracts.rpc(DocumentServiceDefinition.fullName, 'Upload')
  const uploadedJson = { 'application/json': { schema: refTo(uploaded) } }
  return {
    '/v1/documents': {
      post: {
        operationId: 'upload',
        tags: ['Document'],
        description:
          'Takes a file, its bytes as the body: kept before this answers, read afterwards (`/v1/documents/watch`).',
        parameters: UPLOAD_PARAMETERS,
        requestBody: { content: FILE },
        responses: {
          201: { description: 'It is kept', content: uploadedJson },
          200: { description: 'The same file was there: `duplicate`', content: uploadedJson },
          default: FAILED,
        },
      },
    },
    '/v1/documents/{document_id}/file': {
      get: {
        operationId: 'download',
        tags: ['Document'],
        description: 'The file as it was sent.',
        parameters: [{ name: 'document_id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: { 200: { description: 'Its bytes', content: FILE }, default: FAILED },
      },
    },
    '/v1/documents/watch': events(
      ...(['watchDocuments', 'Document'] as const),
      'How documents go on: events `document` and `deleted`, each with a WatchResponse.',
      query('documentId', 'This one alone; empty: all'),
    ),
    '/v1/topics/watch': events(
      ...(['watchTopics', 'Event'] as const),
      'Custom events, live: `ready` first, then `published`, and `gap` where some may be lost; each with a SubscribeResponse. With `Last-Event-ID` those that were told and kept since then come first.',
      query('topics', 'Separated by commas; none: all'),
    ),
  }
}

const UPLOAD_PARAMETERS = [
  query('name', 'The file’s name, 1 to 255 characters'),
  query('collection', 'Empty: `default`. One that is not there is made'),
  query('title', 'In place of its own'),
  query('metadata', 'A flat JSON object of texts, numbers and booleans'),
  query('documentId', 'Replaces this document’s file'),
  query('chunkSize', 'Characters of a piece, 100 to 8,000', 'integer'),
  query('chunkOverlap', 'Of one piece with the next, at most half its size', 'integer'),
]

function query(name: string, description: string, type = 'string'): Json {
  return { name, in: 'query', required: false, description, schema: { type } }
}

function events(operationId: string, tag: string, description: string, parameter: Json): Json {
  return {
    get: {
      ...{ operationId, tags: [tag], description, parameters: [parameter] },
      responses: {
        200: { description: 'Server-sent events', content: { 'text/event-stream': { schema: { type: 'string' } } } },
        default: FAILED,
      },
    },
  }
}
