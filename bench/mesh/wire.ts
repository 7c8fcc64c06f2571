// A client of RFC 6455 that does the least that it can for a frame: servers are measured on the same cores.
import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** What a wire tells of. */
export interface WireEvents {
  /** A text frame: its payload stands in `bytes` from `from` up to `to`, and only until this returns. */
  frame(bytes: Buffer, from: number, to: number): void
  /** Once for what was read in one go, before its frames. */
  read?(): void
  /** Once after all frames that were read in one go. */
  idle?(): void
  closed(code: number): void
}

const HEAD_END = Buffer.from('\r\n\r\n')
const NOTHING = Buffer.alloc(0)

/** One WebSocket. */
export class Wire {
  readonly opened: Promise<void>
  readonly #socket: Socket
  readonly #events: WireEvents
  #rest: Buffer = NOTHING
  #isOpen = false
  #code = 1006

  constructor(url: string, events: WireEvents, protocol?: string) {
    const { hostname, port, pathname, search } = new URL(url)
    this.#events = events
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true })
    this.opened = new Promise((resolve, reject) => {
      this.#socket.once('data', bytes => this.#head(bytes, resolve, reject))
      this.#socket.once('error', reject)
      this.#socket.once('close', () => reject(new Error('closed before it was open')))
    })
    // Who opens it looks at that promise, or at `closed`.
    this.opened.catch(() => {})
    this.#socket.on('error', () => {})
    this.#socket.once('close', () => events.closed(this.#code))
    const asked = protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`
    this.#socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${asked}\r\n`,
    )
  }

  send(text: string): void {
    this.#write(1, Buffer.from(text))
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #head(bytes: Buffer, resolve: () => void, reject: (error: Error) => void): void {
    const end = bytes.indexOf(HEAD_END)
    const status = bytes.toString('latin1', 9, 12)
    if (end < 0 || status !== '101') {
      reject(new Error(`the upgrade was answered by ${status}`))
      return this.destroy()
    }
    this.#isOpen = true
    resolve()
    this.#socket.on('data', more => this.#read(more))
    if (bytes.length > end + 4) this.#read(bytes.subarray(end + 4))
  }

  /** Masked by zeros: that leaves the payload as it is. */
  #write(opcode: number, payload: Buffer): void {
    if (!this.#isOpen || this.#socket.destroyed) return
    const { length } = payload
    const size = length < 126 ? [0x80 | length] : [0xfe, length >> 8, length & 255]
    this.#socket.write(Buffer.concat([Buffer.from([0x80 | opcode, ...size, 0, 0, 0, 0]), payload]))
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
    let at = 0
    this.#events.read?.()
    while (bytes.length - at >= 2) {
      const short = (bytes[at + 1] ?? 0) & 127
      const head = short < 126 ? 2 : short === 126 ? 4 : 10
      if (bytes.length - at < head) break
      const size =
        short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
      const from = at + head
      if (bytes.length < from + size) break
      this.#frame((bytes[at] ?? 0) & 15, bytes, from, from + size)
      at = from + size
    }
    this.#rest = at === bytes.length ? NOTHING : bytes.subarray(at)
    this.#events.idle?.()
  }

  #frame(opcode: number, bytes: Buffer, from: number, to: number): void {
    if (opcode === 1) this.#events.frame(bytes, from, to)
    else if (opcode === 9) this.#write(10, Buffer.from(bytes.subarray(from, to)))
    else if (opcode === 8) this.#code = to - from >= 2 ? bytes.readUInt16BE(from) : 1005
  }
}
