import { expect, test } from '@jest/globals'
import {
  WeaviateQueryError,
  WeaviateUnauthenticatedError,
  WeaviateUnexpectedStatusCodeError,
} from '../../../node_modules/weaviate-client/dist/node/esm/errors.js'
import { isAway, isGone, isKeyRefused, WeaviateObjectError } from './failures.ts'

const grpc = (status: string, text: string) =>
  new WeaviateQueryError(`/weaviate.v1.Weaviate/Search ${status}: ${text}`, 'gRPC')
const ofObject = (text: string) => new WeaviateObjectError(text)
const rest = (status: number, text: string) => new WeaviateUnexpectedStatusCodeError(status, text)

function kindOf(error: Error): string {
  if (isKeyRefused(error)) return 'key'
  if (isGone(error)) return 'gone'
  return isAway(error) ? 'away' : 'refused'
}

test.each([
  ['gone', grpc('UNKNOWN', 'could not find class Spellmesh_things_2 in schema')],
  ['gone', grpc('UNKNOWN', 'aggregate: tried to browse non-existing index for Spellmesh_things_2')],
  ['gone', grpc('UNKNOWN', 'batch delete: cannot find index for class Spellmesh_things_2')],
  ['gone', grpc('UNKNOWN', 'batch delete params: class "Spellmesh_things_2" does not exist in schema')],
  ['gone', grpc('UNKNOWN', 'explorer: get class: vector search: tenant not found: "ada-1-abc"')],
  ['gone', ofObject("class 'Spellmesh_things_2' not present in schema")],
  ['gone', ofObject('could not find index for class Spellmesh_things_2. It might have been deleted in the meantime')],
  ['gone', ofObject("no such prop with name 'size__number' found in class 'Spellmesh_things_2' in the schema.")],
  ['gone', rest(422, 'updating schema: class not found')],
  ['gone', rest(422, 'class is nil: not found')],
  ['away', grpc('RESOURCE_EXHAUSTED', 'not enough memory')],
  ['away', grpc('UNAVAILABLE', 'server is in maintenance mode')],
  ['away', grpc('UNKNOWN', 'batch objects: &fmt.wrapError{msg:"cannot process batch: not enough memory mappings"}')],
  ['away', grpc('UNKNOWN', "tenant not active: 'ada-1-abc'")],
  ['away', grpc('UNKNOWN', 'broadcast: cannot reach enough replicas')],
  ['away', grpc('UNKNOWN', 'cannot achieve consistency level "QUORUM"')],
  ['away', grpc('UNKNOWN', 'no write replica found')],
  ['away', grpc('UNKNOWN', 'entrypoint was deleted in the object store, it has been flagged for cleanup')],
  ['away', grpc('UNKNOWN', 'error waiting for local schema: deadline exceeded for waiting for update')],
  ['away', ofObject('store is read-only due to: disk usage too high. Set to read-only at 91.00%')],
  ['away', ofObject('write /var/lib/weaviate/segment.wal: no space left on device')],
  ['away', ofObject('protected for backup, activation blocked')],
  ['away', rest(422, 'leader not found')],
  ['away', rest(422, 'node is not the leader')],
  ['away', rest(422, 'store not open')],
  ['away', rest(422, 'leadership lost while committing log')],
  ['away', rest(429, 'limit')],
  ['away', rest(503, '')],
  ['key', grpc('UNKNOWN', 'extract auth: invalid api key, please provide a valid api key')],
  ['key', grpc('UNAUTHENTICATED', 'anonymous access not enabled')],
  ['key', grpc('PERMISSION_DENIED', 'forbidden')],
  ['key', new WeaviateUnauthenticatedError('invalid api key')],
  ['refused', grpc('RESOURCE_EXHAUSTED', 'grpc: received message larger than max (104858001 vs. 104858000)')],
  ['refused', grpc('RESOURCE_EXHAUSTED', 'Attempted to send message with a size larger than 104858000')],
  ['refused', ofObject("invalid number property 'size__number' on class 'Spellmesh_things_2': requires a float")],
  ['refused', ofObject('new node has a vector with length 3. Existing nodes have vectors with length 2')],
])('%s: %s', (kind, error) => {
  expect(kindOf(error)).toBe(kind)
})
