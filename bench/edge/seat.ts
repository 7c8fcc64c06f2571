import { backOffMs } from '#client/back-off.ts'
import { SESSION_PATH, SUBPROTOCOL } from '#edge/protocol.ts'
import { sharedMicros } from '../mesh/clock.ts'
import { eachStamp, kindOf, seqOf } from '../mesh/frames.ts'
import { Wire } from '../mesh/wire.ts'
import type { Member } from './members.ts'

/** What all seats share. */
export interface Crowd {
  /** Where to connect; the next one where one fails. */
  urls: readonly string[]
  /** `edge`: a session; `bare`: a socket that is sent what its run publishes; `socket.io`: the same by its protocol. */
  kind: 'edge' | 'bare' | 'socket.io'
  /** Whether stamps are read: else frames are only counted. */
  stamps: boolean
  stamp(event: number, at: number): void
  readonly faults: string[]
  /** Somebody has got something. */
  changed(): void
}

const ACK_ENTRIES = 64
const ACK_MS = 1000
/** Where an answer has the number of what it answers. */
const ID = '{"jsonrpc":"2.0","id":'.length
const ONE = '1'.charCodeAt(0)

/** One client: connects, opens its spell, watches its run, and comes back where it was. */
export class Seat {
  received = 0
  isReady = false
  /** When it had all again after it was dropped, by the shared clock. */
  backAt = 0
  tries = 0
  readonly #crowd: Crowd
  readonly #member: Member
  readonly #watches: boolean
  #wire: Wire | undefined
  /** Which of the URLs it goes to. */
  #at = 0
  #last = 0
  #target = 0
  #acked = 0
  #ackedAt = 0
  #now = 0
  #hasLeft = false
  #every = 0
  #next = Infinity
  #tell: (count: number) => void = () => {}
  #answered: (text: string) => void = () => {}

  constructor(crowd: Crowd, member: Member, watches: boolean) {
    this.#crowd = crowd
    this.#member = member
    this.#watches = watches
  }

  get isCaughtUp(): boolean {
    return this.#last >= this.#target
  }

  /** Connects, and again after a while where that fails. */
  async open(): Promise<void> {
    for (let tries = 1; !this.#hasLeft; tries++) {
      this.tries++
      try {
        return await this.#connect()
      } catch (error) {
        this.#wire?.destroy()
        this.#at++
        if (tries === 8) throw error
        await new Promise(resolve => setTimeout(resolve, backOffMs(tries)))
      }
    }
  }

  leave(): void {
    this.#hasLeft = true
    this.#wire?.destroy()
  }

  /** Loses its socket, and comes back. */
  drop(): void {
    this.#wire?.destroy()
    this.#lost()
  }

  /** Counts anew. */
  mark(): void {
    this.received = 0
    if (this.#every > 0) this.#next = this.#every
  }

  everyReceived(every: number, tell: (count: number) => void): void {
    this.#every = every
    this.#next = this.received + every
    this.#tell = tell
  }

  /** To a bare server. */
  tell(count: number): void {
    this.#wire?.send(this.#crowd.kind === 'socket.io' ? `42["progress",${count}]` : String(count))
  }

  async #connect(): Promise<void> {
    const { urls, kind } = this.#crowd
    const url = urls[this.#at % urls.length] ?? ''
    const path = {
      edge: SESSION_PATH,
      bare: `/?${this.#member.run}`,
      'socket.io': '/socket.io/?EIO=4&transport=websocket',
    }
    const wire: Wire = new Wire(
      `${url}${path[kind]}`,
      {
        frame: (bytes, from, to) => this.#frame(bytes, from, to),
        read: () => (this.#now = sharedMicros()),
        idle: () => this.#idle(),
        closed: code => {
          if (this.#wire !== wire) return
          this.#answered(`{"error":{"message":"closed with ${code}"}}`)
          if (this.isReady) this.#lost()
        },
      },
      kind === 'edge' ? SUBPROTOCOL : undefined,
    )
    this.#wire = wire
    await wire.opened
    if (kind === 'edge') await this.#begin()
    if (kind === 'socket.io') await this.#ask('40')
    this.isReady = true
    this.#caughtUp(sharedMicros())
  }

  async #begin(): Promise<void> {
    const { token, spell, run } = this.#member
    const client = { name: 'bench', version: '1' }
    const resume = this.#watches && this.#last > 0 ? [{ run, attempt: 1, seq: this.#last, spell }] : []
    const params = { token, client, open: [spell], resume }
    const connected = await this.#call('session.connect', params)
    if (/"opened":\[\{"spell":\{/.exec(connected) === null) throw new Error(connected.slice(0, 300))
    if (resume.length > 0) this.#target = Number(/"resumed":\[\{"run":"[^"]+","lastSeq":(\d+)/.exec(connected)?.[1])
    else if (this.#watches) {
      const watched = await this.#call('run.watch', { run, after: 0 })
      this.#target = Number(/"lastSeq":"?(\d+)/.exec(watched)?.[1])
    }
  }

  async #call(method: string, params: object): Promise<string> {
    const text = await this.#ask(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
    if (text.includes('"error":')) throw new Error(`${method}: ${text.slice(0, 300)}`)
    return text
  }

  #ask(text: string): Promise<string> {
    return new Promise(resolve => {
      this.#answered = resolve
      this.#wire?.send(text)
    })
  }

  #frame(bytes: Buffer, from: number, to: number): void {
    if (this.#crowd.kind !== 'edge') return this.#bareFrame(bytes, from, to)
    switch (kindOf(bytes, from)) {
      case 'entry': {
        const seq = seqOf(bytes, from)
        if (seq !== this.#last + 1) this.#crowd.faults.push(`entry ${seq} came after ${this.#last}`)
        this.#last = seq
        this.received++
        if (this.#crowd.stamps) eachStamp(bytes, from, to, event => this.#crowd.stamp(event, this.#now))
        return
      }
      case 'chunk':
        return eachStamp(bytes, from, to, event => {
          this.received++
          this.#crowd.stamp(event, this.#now)
        })
      case 'resync':
        return void this.#crowd.faults.push(bytes.toString('utf8', from, Math.min(to, from + 200)))
      case 'answer':
        // The others answer acknowledgements.
        if (bytes[from + ID] === ONE) this.#answered(bytes.toString('utf8', from, to))
        return
      default:
    }
  }

  #bareFrame(bytes: Buffer, from: number, to: number): void {
    if (this.#crowd.kind === 'socket.io') {
      const text = bytes.toString('latin1', from, from + 2)
      if (text === '2') return void this.#wire?.send('3')
      if (text === '40') return this.#answered(text)
      if (text !== '42') return
    }
    if (!this.#crowd.stamps) this.received++
    else
      eachStamp(bytes, from, to, event => {
        this.received++
        this.#crowd.stamp(event, this.#now)
      })
  }

  /** After what was read in one go: acknowledges as the protocol asks, and tells of the progress. */
  #idle(): void {
    if (this.received >= this.#next) {
      this.#next = this.received + this.#every
      this.#tell(this.received)
    }
    this.#crowd.changed()
    if (this.#crowd.kind !== 'edge' || !this.#watches) return
    if (
      this.#last > this.#acked &&
      (this.#last - this.#acked >= ACK_ENTRIES || this.#now - this.#ackedAt > ACK_MS * 1000)
    ) {
      this.#acked = this.#last
      this.#ackedAt = this.#now
      const params = `{"run":"${this.#member.run}","seq":${this.#last}}`
      this.#wire?.send(`{"jsonrpc":"2.0","id":2,"method":"run.ack","params":${params}}`)
    }
    if (this.isReady) this.#caughtUp(this.#now)
  }

  #caughtUp(at: number): void {
    if (this.backAt === 0 && this.isCaughtUp) this.backAt = at
  }

  #lost(): void {
    this.isReady = false
    this.backAt = 0
    this.#acked = this.#last
    if (this.#hasLeft) return
    setTimeout(() => void this.open().catch((error: unknown) => this.#crowd.faults.push(String(error))), backOffMs(0))
  }
}
