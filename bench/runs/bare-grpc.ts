import type { ServiceDefinition } from 'nice-grpc'

const same = (bytes: Buffer | Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const bytes = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
  options: {},
}

/** Bytes there and back, without any protobuf. */
export const BARE = {
  unary: { path: '/bare/Unary', requestStream: false, responseStream: false, ...bytes },
  stream: { path: '/bare/Stream', requestStream: true, responseStream: true, ...bytes },
} as const satisfies ServiceDefinition
