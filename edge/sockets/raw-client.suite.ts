import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** The bits of a frame; the rest follows from its payload. */
export interface FrameOptions {
  readonly opcode: number
  readonly payload?: Buffer | string
  readonly fin?: boolean
  readonly reserved?: number
  readonly masked?: boolean
}

const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

/** One frame as a client sends it, right or wrong. */
export function frame({ opcode, payload = '', fin = true, reserved = 0, masked = true }: FrameOptions): Buffer {
  const body = Buffer.from(payload)
  const size =
    body.length < 126
      ? Buffer.from([body.length])
      : body.length < 65_536
        ? Buffer.from([126, body.length >> 8, body.length & 255])
        : Buffer.concat([Buffer.from([127]), bigEndian(body.length)])
  if (masked) {
    size[0] = (size[0] ?? 0) | 0x80
    for (let index = 0; index < body.length; index++) body[index] = (body[index] ?? 0) ^ (MASK[index & 3] ?? 0)
  }
  const first = Buffer.from([(fin ? 0x80 : 0) | (reserved << 4) | opcode])
  return Buffer.concat(masked ? [first, size, MASK, body] : [first, size, body])
}

function bigEndian(length: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(length))
  return bytes
}

/** The bytes of a handshake; a header of `undefined` is left out. */
export function handshake(headers: Readonly<Record<string, string | undefined>> = {}, path = '/session'): string {
  const all = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': 'test.v1',
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}

/** A client that writes bytes and reads frames. It obeys nothing. */
export class RawClient {
  /** What came, e.g. `text hello`, `pong`, `close 1000 why`; of long payloads their length and digest. */
  readonly events: string[] = []
  /** The head of the HTTP answer. */
  head = ''
  /** Resolves when the server has ended the connection. */
  readonly ended: Promise<void>
  readonly #socket: Socket
  #unread: Buffer[] = []
  #size = 0
  #waiting: (() => void)[] = []

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', data => this.#read(data))
    // A connection that is reset while we write is an end like any other.
    this.#socket.on('error', () => {})
    this.ended = new Promise(resolve =>
      this.#socket.on('close', () => {
        this.#wake()
        resolve()
      }),
    )
  }

  get isEnded(): boolean {
    return this.#socket.closed
  }

  static async open(
    port: number,
    headers: Readonly<Record<string, string | undefined>> = {},
    path = '/session',
  ): Promise<RawClient> {
    const client = new RawClient(port)
    client.write(handshake(headers, path))
    await client.until(() => client.head !== '')
    return client
  }

  write(bytes: Buffer | string): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes)
  }

  /** Writes pieces of this size, each in a turn of its own. */
  async chop(bytes: Buffer, size: number): Promise<void> {
    for (let from = 0; from < bytes.length && !this.isEnded; from += size) {
      this.write(bytes.subarray(from, from + size))
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  /** Waits until this holds or the connection has ended. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds() && !this.isEnded) await new Promise<void>(resolve => void this.#waiting.push(resolve))
  }

  /** Stops reading. */
  pause(): void {
    this.#socket.pause()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #read(data: Buffer): void {
    this.#unread.push(data)
    this.#size += data.length
    if (this.head === '' && !this.#readHead()) return
    while (this.#readFrame());
    this.#wake()
  }

  #readHead(): boolean {
    const all = Buffer.concat(this.#unread)
    const end = all.indexOf('\r\n\r\n')
    if (end < 0) return false
    this.head = all.subarray(0, end).toString('latin1')
    this.#unread = [all.subarray(end + 4)]
    this.#size = all.length - end - 4
    return true
  }

  #readFrame(): boolean {
    const [first] = this.#unread
    if (this.#unread.length > 1 && (first?.length ?? 0) < 10) this.#unread = [Buffer.concat(this.#unread)]
    const start = this.#unread[0] ?? Buffer.alloc(0)
    if (start.length < 2) return false
    const short = (start[1] ?? 0) & 0x7f
    const headLength = short < 126 ? 2 : short === 126 ? 4 : 10
    if (start.length < headLength) return false
    const length = short < 126 ? short : short === 126 ? start.readUInt16BE(2) : Number(start.readBigUInt64BE(2))
    if (this.#size < headLength + length) return false
    const all = this.#unread.length === 1 ? start : Buffer.concat(this.#unread)
    this.events.push(eventOf(start[0] ?? 0, all.subarray(headLength, headLength + length)))
    this.#unread = [all.subarray(headLength + length)]
    this.#size -= headLength + length
    return true
  }
}

const NAMES: Readonly<Record<number, string>> = { 1: 'text', 2: 'binary', 9: 'ping', 10: 'pong' }

function eventOf(first: number, payload: Buffer): string {
  const opcode = first & 15
  if (opcode === 8)
    return payload.length === 0 ? 'close' : `close ${payload.readUInt16BE(0)} ${payload.subarray(2).toString()}`.trim()
  if ((first & 0x80) === 0) return `unfinished ${opcode}`
  return describePayload(NAMES[opcode] ?? `opcode ${opcode}`, payload)
}

/** How {@link RawClient.events} shows a frame. */
export function describePayload(name: string, payload: Buffer | string): string {
  const bytes = Buffer.from(payload)
  if (bytes.length === 0) return name
  if (bytes.length <= 200) return `${name} ${bytes.toString('latin1')}`
  return `${name} of ${bytes.length}, ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`
}
