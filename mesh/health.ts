import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'
import { notFound } from './errors.ts'
import type { Call } from './service.ts'

interface HealthRequest {
  readonly service: string
}
interface HealthResponse {
  readonly status: number
}

/** The statuses of grpc.health.v1. */
export const HEALTH = { unknown: 0, serving: 1, notServing: 2, serviceUnknown: 3 } as const

const requestType = {
  encode: ({ service }: HealthRequest) => new BinaryWriter().uint32(10).string(service),
  decode: (input: BinaryReader | Uint8Array): HealthRequest => ({
    service: String(readField(input, reader => reader.string()) ?? ''),
  }),
  fromPartial: ({ service = '' }: Partial<HealthRequest>): HealthRequest => ({ service }),
}
const responseType = {
  encode: ({ status }: HealthResponse) => new BinaryWriter().uint32(8).int32(status),
  decode: (input: BinaryReader | Uint8Array): HealthResponse => ({
    status: Number(readField(input, reader => reader.int32()) ?? 0),
  }),
  fromPartial: ({ status = 0 }: Partial<HealthResponse>): HealthResponse => ({ status }),
}

/** `grpc.health.v1.Health`, as probes of orchestrators call it (https://github.com/grpc/grpc/blob/master/doc/health-checking.md). */
export const HealthDefinition = {
  name: 'Health',
  fullName: 'grpc.health.v1.Health',
  methods: {
    check: { name: 'Check', requestType, requestStream: false, responseType, responseStream: false, options: {} },
    watch: { name: 'Watch', requestType, requestStream: false, responseType, responseStream: true, options: {} },
  },
} as const

/** Answers for this process (service `''`) and for each service it runs, until `draining` aborts: then all are not serving. */
export function createHealth(services: readonly string[], draining: AbortSignal) {
  const statusOf = (service: string) => {
    if (service !== '' && !services.includes(service)) return HEALTH.serviceUnknown
    return draining.aborted ? HEALTH.notServing : HEALTH.serving
  }
  return {
    check({ service }: HealthRequest): Promise<HealthResponse> {
      const status = statusOf(service)
      if (status === HEALTH.serviceUnknown)
        return Promise.reject(notFound(`the service "${service}" does not run here`))
      return Promise.resolve({ status })
    },
    async *watch({ service }: HealthRequest, { signal }: Call): AsyncGenerator<HealthResponse> {
      yield { status: statusOf(service) }
      if (draining.aborted) return
      await new Promise<void>(resolve =>
        AbortSignal.any([signal, draining]).addEventListener('abort', () => resolve(), { once: true }),
      )
      yield { status: statusOf(service) }
    },
  }
}

/** The first field's value; both messages have one field only. */
function readField<T>(input: BinaryReader | Uint8Array, read: (reader: BinaryReader) => T): T | undefined {
  const reader = input instanceof BinaryReader ? input : new BinaryReader(input)
  let value: T | undefined
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag()
    if (field === 1) value = read(reader)
    else reader.skip(wireType)
  }
  return value
}
