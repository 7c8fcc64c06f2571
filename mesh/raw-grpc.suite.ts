import { connect } from 'node:http2'
import type { ClientHttp2Session } from 'node:http2'
import { toCode } from './errors.ts'
import type { Code } from './errors.ts'

/** How a call ended: its status, and the message of it. */
export interface RawAnswer {
  readonly code: Code | 'OK' | 'BROKEN'
  readonly message: string
}

/** A gRPC client that sends whatever bytes it is given. */
export class RawGrpc implements Disposable {
  readonly #session: ClientHttp2Session

  constructor(address: string) {
    this.#session = connect(`http://${address}`)
    this.#session.on('error', () => {})
  }

  /** Sends one message and no more. BROKEN: the stream ended without a status. */
  call(path: string, body: Uint8Array, headers: Readonly<Record<string, string>>): Promise<RawAnswer> {
    return this.send(path, framed(body), headers)
  }

  /** Sends these bytes as the whole of the call. */
  send(path: string, bytes: Uint8Array, headers: Readonly<Record<string, string>>): Promise<RawAnswer> {
    return new Promise(resolve => {
      const stream = this.#session.request({
        ':method': 'POST',
        ':path': path,
        te: 'trailers',
        'content-type': 'application/grpc+proto',
        'grpc-timeout': '60S',
        ...headers,
      })
      let answer: RawAnswer = { code: 'BROKEN', message: '' }
      const read = (given: object) => {
        const { 'grpc-status': status, 'grpc-message': message = '' } = given as Record<string, string | undefined>
        if (status === undefined) return
        answer = { code: Number(status) === 0 ? 'OK' : toCode(Number(status)), message: decodeURIComponent(message) }
      }
      stream.on('response', read)
      stream.on('trailers', read)
      stream.on('error', () => {})
      stream.on('close', () => resolve(answer))
      stream.resume()
      stream.end(bytes)
    })
  }

  [Symbol.dispose](): void {
    this.#session.destroy()
  }
}

/** A message as gRPC frames it. */
export function framed(body: Uint8Array, { flags = 0, length = body.length } = {}): Buffer {
  const head = Buffer.alloc(5)
  head[0] = flags
  head.writeUInt32BE(length, 1)
  return Buffer.concat([head, body])
}
