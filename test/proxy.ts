import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A TCP relay in front of a server that can cut what goes through it. */
export interface Proxy extends AsyncDisposable {
  readonly url: string
  /** Ends all connections at once, without a goodbye. */
  cut(): void
  /** While refused, new connections are ended as well. */
  refuse(refused: boolean): void
  /** While held, nothing goes through to the client, and nothing is lost. */
  hold(held: boolean): void
}

export async function openProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let refused = false
  const server = createServer(inner => {
    if (refused) return void inner.destroy()
    const outer = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname)
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    refuse: value => {
      refused = value
    },
    hold(held) {
      for (const socket of sockets)
        if (held) socket.pause()
        else socket.resume()
    },
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
