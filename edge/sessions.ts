import type { Run, Spell } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import type { Bus } from '#mesh/bus.ts'
import type { Log } from '#mesh/log.ts'
import type { SettingsOf } from '#mesh/settings.ts'
import type { Metrics } from '#mesh/telemetry.ts'
import type { Tracer } from '#mesh/trace.ts'
import type { Authentication } from './authentication.ts'
import type { Channels } from './channels.ts'
import type { LIMIT_SETTINGS } from './limits.ts'
import { createGate } from './gate.ts'
import type { Gate } from './gate.ts'
import { createTally } from './limits.ts'
import { CountedSocket, createMeasures } from './measures.ts'
import type { Measures } from './measures.ts'
import { CLOSE, SESSION_PATH, SUBPROTOCOL } from './protocol.ts'
import type { Runners } from './runners.ts'
import { Session } from './session.ts'
import type { Socket, SocketHandlers, Upgrade } from './sockets/socket.ts'

/** What sessions work with. */
export interface SessionParts {
  readonly settings: SettingsOf<typeof LIMIT_SETTINGS>
  readonly authentication: Authentication
  readonly runners: Runners
  readonly channels: Channels
  readonly log: Log
  readonly tracer: Tracer
  readonly metrics: Measures
  /** Of those that come, or come back. */
  readonly arrivals: Gate
  /** Of readings of journals. */
  readonly readings: Gate
  spellText(spell: Spell): string
  runText(run: Run): string
  /** Whether this user may have one more session. */
  admit(session: Session): boolean
  /** It was closed, with this code. */
  forget(session: Session, code: number): void
}

/** All sessions of this edge. */
export interface Sessions {
  /** Whether a socket may be opened; decided at once. */
  upgrade(upgrade: Upgrade): { readonly protocol: string } | { readonly status: number }
  open(socket: Socket): SocketHandlers
  /** Tells everybody to come back elsewhere, in batches, and closes. */
  drain(): Promise<void>
}

export type SessionsOptions = Pick<
  SessionParts,
  'settings' | 'authentication' | 'runners' | 'channels' | 'log' | 'tracer' | 'spellText' | 'runText'
> & {
  readonly bus: Bus
  readonly metrics: Metrics
}

/** Each waits for the database and a runner: so many are enough to keep these at work. */
const ARRIVALS = 64
const READINGS = 64
const DRAIN_BATCH = 500
const DRAIN_MS = 250

export function createSessions(options: SessionsOptions): Sessions {
  const { settings, authentication, bus, metrics } = options
  const sessions = new Set<Session>()
  const connected = new Set<Session>()
  const [perUser, perAddress, waiting] = [createTally(), createTally(), createTally()]
  const sockets = metrics.gauge('sockets', 'open sockets')
  const measures = createMeasures(metrics, () => [...sessions].map(session => session.socket))
  const parts: SessionParts = {
    ...options,
    metrics: measures,
    arrivals: createGate(ARRIVALS),
    readings: createGate(READINGS),
    admit(session) {
      if (perUser.of(session.user) >= settings.SOCKETS_PER_USER) return false
      perUser.add(session.user, 1)
      waiting.add(session.socket.address, -1)
      connected.add(session)
      return true
    },
    forget(session, code) {
      if (!sessions.delete(session)) return
      if (session.socket instanceof CountedSocket) session.socket.gone()
      measures.closed(code)
      perAddress.add(session.socket.address, -1)
      if (connected.delete(session)) perUser.add(session.user, -1)
      else waiting.add(session.socket.address, -1)
      sockets.set(sessions.size)
    },
  }
  followBus(bus, connected)
  const sweeping = setInterval(() => void sweep(connected, options), settings.REVOCATION_SWEEP_MS)
  sweeping.unref()
  return {
    upgrade({ path, origin, host, protocols, address }) {
      if (path !== SESSION_PATH) return { status: 404 }
      if (!protocols.includes(SUBPROTOCOL)) return { status: 400 }
      if (origin !== '' && !authentication.isOwnOrigin(origin, host)) return { status: 403 }
      if (perAddress.of(address) >= settings.SOCKETS_PER_ADDRESS || waiting.of(address) >= settings.SOCKETS_WAITING)
        return { status: 429 }
      return { protocol: SUBPROTOCOL }
    },
    open(socket) {
      const session = new Session(new CountedSocket(socket, measures.dropped), parts)
      sessions.add(session)
      perAddress.add(socket.address, 1)
      waiting.add(socket.address, 1)
      sockets.set(sessions.size)
      return session
    },
    async drain() {
      clearInterval(sweeping)
      await drain([...sessions])
    },
  }
}

/** Ends sessions of this user that an earlier version of the account opened. */
function endOlder(connected: Iterable<Session>, user: string, version: number): void {
  for (const session of [...connected]) {
    if (session.user !== user || session.version >= version) continue
    session.notify('session.revoked', {})
    session.end(CLOSE.forbidden, 'the session was ended')
  }
}

/** What the bus lost is found by asking for the versions of all who are connected. */
async function sweep(connected: ReadonlySet<Session>, { authentication, log }: SessionsOptions): Promise<void> {
  const users = [...new Set([...connected].map(session => session.user))]
  try {
    const versions = users.length > 0 ? await authentication.versions(users) : []
    // An account that is gone has version 0, and nobody speaks for it.
    versions.forEach((version, index) => endOlder(connected, users[index] ?? '', version || Infinity))
  } catch (error) {
    log.warn({ error }, 'revoked sessions could not be looked for')
  }
}

/** Ends sessions that were revoked; brings all up to date after a gap. */
function followBus(bus: Bus, connected: ReadonlySet<Session>): void {
  bus.subscribe('sys.v1.revoke.*', ({ subject, payload }) => {
    const user = subject.slice('sys.v1.revoke.'.length)
    const { version } = JSON.parse(Buffer.from(payload).toString()) as { version: number }
    endOlder(connected, user, version)
  })
  // What was published meanwhile is lost: the journal has it.
  bus.onGap(() => {
    for (const session of [...connected]) session.resyncAll('the edge lost its connection to the bus')
  })
}

async function drain(sessions: readonly Session[]): Promise<void> {
  for (let from = 0; from < sessions.length; from += DRAIN_BATCH) {
    if (from > 0) await new Promise(resolve => setTimeout(resolve, DRAIN_MS))
    for (const session of sessions.slice(from, from + DRAIN_BATCH)) {
      session.notify('session.drain', { reconnectAfterMs: Math.round(Math.random() * 2_000) })
      session.end(CLOSE.drain, 'this edge is ending')
    }
  }
}
