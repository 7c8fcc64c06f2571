import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'
import type { Identity } from './identity.ts'
import type { Client, Handlers } from './service.ts'

export interface Message {
  readonly text: string
  readonly number: number
  readonly bytes: Uint8Array
}

/** A message of the test contract. It travels as a text of JSON: transports know nothing of what messages are made of. */
const type = {
  encode: ({ text, number, bytes }: Message) =>
    new BinaryWriter().string(JSON.stringify({ text, number, bytes: [...bytes] })),
  decode(input: Uint8Array | BinaryReader): Message {
    const reader = input instanceof BinaryReader ? input : new BinaryReader(input)
    const { text, number, bytes } = JSON.parse(reader.string()) as { text: string; number: number; bytes: number[] }
    return { text, number, bytes: Uint8Array.from(bytes) }
  },
  fromPartial: ({ text = '', number = 0, bytes = new Uint8Array() }: Partial<Message>): Message => ({
    text,
    number,
    bytes,
  }),
}

const method = <Requests extends boolean, Responses extends boolean>(
  name: string,
  requestStream: Requests,
  responseStream: Responses,
) => ({
  name,
  requestType: type,
  requestStream,
  responseType: type,
  responseStream,
  options: {},
})

/** A contract with a method of each kind. */
export const ProbeDefinition = {
  name: 'ProbeService',
  fullName: 'test.v1.ProbeService',
  methods: {
    ask: method('Ask', false, false),
    openly: method('Openly', false, false),
    count: method('Count', false, true),
    gather: method('Gather', true, false),
    converse: method('Converse', true, true),
  },
} as const
export type ProbeHandlers = Handlers<typeof ProbeDefinition>

/** What a transport must be able to do: serve handlers, and call them as somebody. */
export interface ProbeSystem extends AsyncDisposable {
  client(caller: Identity): Client<typeof ProbeDefinition>
}
export type OpenProbe = (handlers: ProbeHandlers) => Promise<ProbeSystem>
