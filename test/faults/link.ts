// Links between two parts of a mesh that can be cut, held one way, delayed, half open, or garbled as far as their protocol allows.
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** `there`: from who connects to who listens. A held direction loses nothing: what is under way arrives when it is let go, as TCP sends again what was lost. */
export type Direction = 'there' | 'back'

/** Changes what comes back from the server, in whole pieces of its protocol. */
export type Filter = (chunk: Buffer) => Buffer

/** A TCP relay in front of a server. */
export interface Link extends AsyncDisposable {
  readonly port: number
  /** Where new connections go from now on: one of these that takes them, in turn. */
  lead(...ports: readonly number[]): void
  /** Ends all connections at once, without a goodbye. */
  cut(): void
  /** While refused, new connections are ended at once. */
  refuse(refused: boolean): void
  /** Nothing goes through in these directions, nor over new connections. */
  hold(...directions: readonly Direction[]): void
  /** The server's side is gone; who connected is not told. */
  vanish(): void
  /** Everything takes so long, each way. */
  delay(ms: number): void
  /** All is well again. Connections that are half open end now. */
  heal(): void
}

export interface LinkOptions {
  /** A filter for each connection. */
  readonly filter?: () => Filter
}

interface Pair {
  readonly inner: Socket
  readonly outer: Socket
  halfOpen: boolean
}

export async function openLink(ports: readonly number[], options: LinkOptions = {}): Promise<Link> {
  const pairs = new Set<Pair>()
  let [targets, turn, refused, delayMs] = [ports, 0, false, 0]
  let held: readonly Direction[] = []
  const apply = ({ inner, outer }: Pair) => {
    for (const [socket, direction] of [
      [inner, 'there'],
      [outer, 'back'],
    ] as const)
      if (held.includes(direction)) socket.pause()
      else socket.resume()
  }
  const server = createServer({ noDelay: true }, inner => {
    if (refused) return reset(inner)
    const outer = connect({ port: targets[turn++ % targets.length] ?? 0, host: '127.0.0.1', noDelay: true })
    const pair: Pair = { inner, outer, halfOpen: false }
    pairs.add(pair)
    const end = () => {
      if (pair.halfOpen) return
      pairs.delete(pair)
      inner.destroy()
      outer.destroy()
    }
    for (const socket of [inner, outer]) socket.on('error', end).on('close', end)
    relay(inner, outer, () => delayMs, undefined)
    relay(outer, inner, () => delayMs, options.filter?.())
    apply(pair)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const pair of pairs) {
      pair.halfOpen = false
      reset(pair.inner)
      reset(pair.outer)
    }
    pairs.clear()
  }
  const hold = (...directions: readonly Direction[]) => {
    held = directions
    for (const pair of pairs) if (!pair.halfOpen) apply(pair)
  }
  return {
    port: (server.address() as AddressInfo).port,
    lead(...given) {
      targets = given
    },
    cut,
    refuse(value) {
      refused = value
    },
    hold,
    vanish() {
      for (const pair of pairs) {
        pair.halfOpen = true
        reset(pair.outer)
      }
    },
    delay(ms) {
      delayMs = ms
    },
    heal() {
      refused = false
      delayMs = 0
      hold()
      for (const pair of [...pairs].filter(({ halfOpen }) => halfOpen)) {
        pairs.delete(pair)
        reset(pair.inner)
      }
    },
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Ends a connection as a crash does; what is not written yet is not waited for. */
function reset(socket: Socket): void {
  if (!socket.connecting) socket.resetAndDestroy()
  setImmediate(() => socket.destroy())
}

/** Passes on what comes, in order, and no faster than it is taken. */
function relay(from: Socket, to: Socket, delayMs: () => number, filter: Filter | undefined): void {
  const late: { readonly chunk: Buffer; readonly due: number }[] = []
  const write = (chunk: Buffer) => {
    if (to.destroyed || chunk.length === 0 || to.write(chunk)) return
    from.pause()
    to.once('drain', () => from.resume())
  }
  const flush = () => {
    while (late[0] && late[0].due <= performance.now()) write(late.shift()?.chunk ?? Buffer.alloc(0))
    if (late[0]) setTimeout(flush, late[0].due - performance.now())
  }
  from.on('data', (given: Buffer) => {
    const chunk = filter ? filter(given) : given
    const due = performance.now() + delayMs()
    if (late.length === 0 && delayMs() === 0) return write(chunk)
    // What is under way goes first.
    if (late.push({ chunk, due: Math.max(due, late.at(-1)?.due ?? 0) }) === 1) setTimeout(flush, delayMs())
  })
  from.on('end', () => to.end())
}
