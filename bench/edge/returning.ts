import { createClient } from '#client/index.ts'
import type { RunHandle, SpellmeshClient } from '#client/types.ts'
import { sharedMicros } from '../mesh/clock.ts'
import type { Member } from './members.ts'

/** A client of the SDK that follows a run, and can be cut off and let in again. */
export interface Returning {
  /** Its socket is closed, and it does not get another one. */
  cut(): void
  /** Lets it in; resolves when it has the run up to this entry, with the milliseconds since. Rejects where something is missing in between. */
  back(last: number): Promise<number>
  close(): void
}

/** Nobody listens there. */
const NOWHERE = 'ws://127.0.0.1:1/'

export async function openReturning(url: string, { token, spell, run }: Member): Promise<Returning> {
  let isCut = false
  let socket: WebSocket | undefined
  class Gated extends WebSocket {
    constructor(where: string | URL, protocols?: string | string[]) {
      super(isCut ? NOWHERE : where, protocols)
      socket = this
    }
  }
  const client = createClient({
    ...{ url, name: 'bench', version: '1', WebSocket: Gated as unknown as typeof globalThis.WebSocket },
    authenticate: async () => ({ token }),
    token: async () => token,
  })
  await client.openSpell(spell)
  const handle = await client.watchRun(run)
  return {
    cut() {
      isCut = true
      socket?.close()
    },
    async back(last) {
      await isOffline(client)
      isCut = false
      const began = sharedMicros()
      client.reconnect()
      await has(handle, last)
      const ms = (sharedMicros() - began) / 1000
      handle.entries.forEach(({ seq }, index) => {
        if (seq !== index + 1) throw new Error(`entry ${seq} stands at ${index + 1}`)
      })
      return ms
    },
    close: () => client.close(),
  }
}

function isOffline(client: SpellmeshClient): Promise<void> {
  if (client.status === 'waiting') return Promise.resolve()
  return new Promise(resolve => {
    const stop = client.on('status', ({ status }) => {
      if (status !== 'waiting') return
      stop()
      resolve()
    })
  })
}

function has(handle: RunHandle, last: number): Promise<void> {
  if (handle.entries.length >= last) return Promise.resolve()
  return new Promise((resolve, reject) => {
    handle.completed.catch(reject)
    const stop = handle.onEntries(() => {
      if (handle.entries.length < last) return
      stop()
      resolve()
    })
  })
}
