import { integer } from '#mesh/settings.ts'

/** The limits of sessions; the same figures as in docs/protocol.md. */
export const LIMIT_SETTINGS = {
  FRAME_BYTES: integer('largest frame of a session, both ways', 64 * 1024, { min: 4096 }),
  COMMANDS_PER_SECOND: integer('commands of one session per second; twice as many at once', 100, { min: 1 }),
  SOCKETS_PER_USER: integer('sessions of one user', 20, { min: 1 }),
  SOCKETS_PER_ADDRESS: integer('sockets of one address', 200, { min: 1 }),
  SOCKETS_WAITING: integer('sockets of one address that have not proved who they are', 32, { min: 1 }),
  REVOCATION_SWEEP_MS: integer(
    'how often the edge looks for sessions that were ended while it did not hear of it',
    60_000,
    {
      min: 100,
    },
  ),
  SESSION_REST_MS: integer('how long a session does nothing until it lets go of its runner', 10_000, { min: 100 }),
  OPEN_SPELLS: integer('spells open in one session', 16, { min: 1 }),
}

/** Largest frame of somebody who has not proved who they are. */
export const FIRST_FRAME_BYTES = 4 * 1024
export const CONNECT_MS = 5_000
/** How long the proof of a client may take to be looked up. */
export const PROVE_MS = 30_000
export const IDLE_SECONDS = 60
export const EXPIRING_MS = 60_000

/** Buffered bytes from which only the newest chunk of each node is kept. */
export const CHUNK_BUFFER_BYTES = 64 * 1024
/** From which a session lags: it is served from the journal. */
export const LAG_BUFFER_BYTES = 256 * 1024
/** Below which it catches up. */
export const DRAINED_BYTES = 32 * 1024
/** How long it may lag. */
export const LAG_MS = 10_000
/** What may be sent and not acknowledged. */
export const UNACKED_BYTES = 4 * 1024 * 1024
export const UNACKED_ENTRIES = 5_000
/** The backstop: what the socket itself buffers. */
export const SOCKET_BUFFER_BYTES = 1024 * 1024
/** Beyond this a client is told to take the run's state instead of its entries. */
export const CATCH_UP_ENTRIES = 2_000
export const CATCH_UP_BYTES = 1024 * 1024

/** A bucket of tokens: `perSecond` flow in, at most `burst` are kept. */
export function createBucket(perSecond: number, burst: number, now: () => number): { take(): boolean } {
  let tokens = burst
  let at = now()
  return {
    take() {
      const time = now()
      tokens = Math.min(burst, tokens + ((time - at) / 1000) * perSecond)
      at = time
      if (tokens < 1) return false
      tokens--
      return true
    },
  }
}

/** Counts by key. */
export function createTally(): { add(key: string, by: 1 | -1): number; of(key: string): number } {
  const counts = new Map<string, number>()
  return {
    of: key => counts.get(key) ?? 0,
    add(key, by) {
      const count = (counts.get(key) ?? 0) + by
      if (count > 0) counts.set(key, count)
      else counts.delete(key)
      return count
    },
  }
}
