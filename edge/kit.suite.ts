import { WebSocket } from 'ws'

export interface Told {
  readonly method?: string
  readonly params?: Record<string, unknown> & { run?: string; seq?: number; entry?: { kind: string; seq: number } }
  readonly id?: number
  readonly result?: Record<string, never>
  readonly error?: { code: number; message: string; data: { reason: string; problems?: unknown } }
}

/** A program that speaks the session protocol. */
export class Program {
  readonly told: Told[] = []
  readonly ws: WebSocket
  /** Frames that held several messages. */
  batches = 0
  readonly closed: Promise<number>
  #id = 0
  constructor(url: string, headers: Record<string, string> = {}) {
    this.ws = new WebSocket(`${url.replace('http', 'ws')}/v1/session`, 'spellmesh.v1', { headers })
    this.ws.on('message', data => {
      const message = JSON.parse((data as Buffer).toString()) as Told | Told[]
      if (Array.isArray(message)) this.batches++
      this.told.push(...(Array.isArray(message) ? message : [message]))
    })
    this.closed = new Promise(resolve => this.ws.on('close', resolve))
    this.ws.on('error', () => {})
    // Each `until` is one.
    this.ws.setMaxListeners(0)
  }
  async open(): Promise<this> {
    await new Promise(resolve => this.ws.once('open', resolve))
    return this
  }
  async call(method: string, params: object = {}): Promise<Told> {
    const id = ++this.#id
    this.ws.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    return this.until(one => one.id === id)
  }
  async until(right: (one: Told) => boolean): Promise<Told> {
    for (;;) {
      const found = this.told.find(right)
      if (found) return found
      await new Promise(resolve => this.ws.once('message', resolve))
    }
  }
  entriesOf(run: string): number[] {
    return this.told
      .filter(one => one.method === 'run.entry' && one.params?.run === run)
      .map(one => one.params?.seq ?? 0)
  }
}
