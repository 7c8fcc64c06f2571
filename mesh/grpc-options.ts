import { BinaryReader } from '@bufbuild/protobuf/wire'
import type { ChannelOptions } from '@grpc/grpc-js'
import type { ServiceDefinition } from 'nice-grpc'
import { invalid } from './errors.ts'
import type { Contract, Method } from './service.ts'

/** The largest message either side sends or takes. */
export const MESSAGE_LIMIT_BYTES = 4 * 1024 * 1024

/** Options of every channel and server. No keepalive: with GOAWAY it kills calls in flight; streams have heartbeats of their own. */
export const GRPC_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': MESSAGE_LIMIT_BYTES,
  'grpc.max_send_message_length': MESSAGE_LIMIT_BYTES,
  'grpc.enable_channelz': 0,
}

/** The trailer that carries what a status has no room for. */
export const ERROR_TRAILER = 'spellmesh-error-bin'

/** The contract as nice-grpc takes it. Messages are completed before they come here, so nothing is completed twice. */
export function toGrpcDefinition(contract: Contract): ServiceDefinition {
  const methods = Object.entries(contract.methods).map(([key, method]) => [
    key,
    {
      path: `/${contract.fullName}/${method.name}`,
      requestStream: method.requestStream,
      responseStream: method.responseStream,
      requestDeserialize: (bytes: Uint8Array): unknown => decodeRequest(method, bytes),
      requestSerialize: (message: unknown) =>
        method.requestType.encode(method.requestType.fromPartial(message)).finish(),
      responseDeserialize: (bytes: Uint8Array): unknown => method.responseType.decode(bytes),
      responseSerialize: (message: unknown) => method.responseType.encode(message).finish(),
      options: {},
    },
  ])
  return Object.fromEntries(methods) as ServiceDefinition
}

/** The request; the error to answer with where the bytes are none: what is thrown here, gRPC calls INTERNAL. */
function decodeRequest({ name, requestType }: Method, bytes: Uint8Array): unknown {
  const reader = new BinaryReader(bytes, text => strictly.decode(text))
  try {
    const request: unknown = requestType.decode(reader)
    if (reader.pos === reader.len) return request
    return invalid(
      `the request of ${name} is not what its contract says: ${reader.len - reader.pos} bytes are left over`,
    )
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return invalid(`the request of ${name} is not what its contract says: ${why}`)
  }
}

/** Throws at what is not UTF-8, which protobuf demands of texts. */
const strictly = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
