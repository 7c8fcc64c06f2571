import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** A keep-alive connection over which one request is asked again and again, with the least work for an answer. */
export class HttpLines {
  readonly #socket: Socket
  readonly #request: string
  #text = ''
  #settle: ((text: string) => void) | undefined
  #fail: (error: Error) => void = () => {}

  private constructor(socket: Socket, request: string) {
    this.#socket = socket
    this.#request = request
    socket.on('data', chunk => this.#read(String(chunk)))
    socket.on('close', () => this.#fail(new Error('the server closed the connection')))
    socket.on('error', error => this.#fail(error))
  }

  static async open(url: string, request: string): Promise<HttpLines> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new HttpLines(socket, request)
  }

  /** Rejects where the answer is not a 200 that contains this. */
  ask(expected: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fail = reject
      this.#settle = text => {
        if (text.startsWith('HTTP/1.1 200') && text.includes(expected)) resolve()
        else reject(new Error(`answered by ${text.slice(0, 400)}`))
      }
      this.#socket.write(this.#request)
    })
  }

  close(): void {
    this.#settle = undefined
    this.#fail = () => {}
    this.#socket.destroy()
  }

  #read(chunk: string): void {
    this.#text += chunk
    const head = this.#text.indexOf('\r\n\r\n')
    if (head < 0) return
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#text.slice(0, head))?.[1]
    const isWhole =
      length === undefined
        ? this.#text.endsWith('0\r\n\r\n')
        : Buffer.byteLength(this.#text) >= head + 4 + Number(length)
    if (!isWhole) return
    const text = this.#text
    this.#text = ''
    this.#settle?.(text)
  }
}

/** The text of a request. */
export function requestText(method: string, url: string, headers: Readonly<Record<string, string>>, body = ''): string {
  const { host, pathname } = new URL(url)
  const all = { host, ...headers, ...(method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {}) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return [`${method} ${pathname} HTTP/1.1`, ...lines, '', body].join('\r\n')
}
