import { LRUCache } from 'lru-cache'
import type { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import type { Bus } from '#mesh/bus.ts'
import { denied, unauthenticated } from '#mesh/errors.ts'
import type { Client } from '#mesh/service.ts'

/** Who a proof stands for. */
export interface Proved {
  readonly userId: string
  /** Of the account's sessions: a higher one revokes this. */
  readonly version: number
  /** Milliseconds since 1970. */
  readonly sessionExpiresAt: number
}

/** Finds out who calls. Answers are remembered for some seconds, and forgotten when somebody's sessions end. */
export interface Authentication {
  /** By cookie or bearer token. Rejects with UNAUTHENTICATED; with PERMISSION_DENIED for a foreign page's request. */
  ofRequest(request: Request): Promise<Proved>
  ofTicket(ticket: string): Promise<Proved>
  ofToken(token: string): Promise<Proved>
  /** The present versions of accounts, in order; 0: gone. */
  versions(users: readonly string[]): Promise<readonly number[]>
  /** Whether a page of this origin may speak for its user: pages of this host, and those that the operator names. */
  isOwnOrigin(origin: string, host: string): boolean
}

export const SESSION_COOKIE = 'spellmesh_session'
const KEPT_MS = 30_000
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

export function createAuthentication(
  user: Client<typeof UserServiceDefinition>,
  bus: Bus,
  allowedOrigins: readonly string[],
): Authentication {
  const known = new LRUCache<string, Promise<Proved>>({ max: 50_000, ttl: KEPT_MS })
  bus.subscribe('sys.v1.revoke.*', () => known.clear())
  bus.onGap(() => known.clear())
  const prove = (kind: 'session' | 'accessToken', value: string): Promise<Proved> => {
    const key = `${kind} ${value}`
    const found = known.get(key)
    if (found) return found
    const proved = user.authenticate({ proof: { $case: kind, value } }).then(one => {
      if (one.sessionExpiresAt <= Date.now()) throw unauthenticated('the session has ended: sign in')
      return one
    })
    known.set(key, proved)
    proved.catch(() => known.delete(key))
    return proved
  }
  const isOwnOrigin = (origin: string, host: string) =>
    allowedOrigins.includes(origin) || URL.parse(origin)?.host === host
  return {
    isOwnOrigin,
    async ofRequest(request) {
      const authorization = request.headers.get('authorization')
      if (authorization) {
        const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1]
        if (!token) throw unauthenticated('expected "Authorization: Bearer <access token>"')
        return prove('accessToken', token)
      }
      const session = cookieOf(request, SESSION_COOKIE)
      if (!session) throw unauthenticated('this needs a session cookie or "Authorization: Bearer <access token>"')
      checkOrigin(request, isOwnOrigin)
      return prove('session', session)
    },
    ofTicket: ticket => user.redeemTicket({ ticket }),
    ofToken: token => prove('accessToken', token),
    versions: async users => (await user.listVersions({ userIds: [...users] })).versions,
  }
}

/** A browser tells where an unsafe request comes from; a foreign page's must not use the cookie. */
export function checkOrigin(request: Request, isOwnOrigin: Authentication['isOwnOrigin']): void {
  const origin = request.headers.get('origin')
  if (SAFE.has(request.method) || !origin) return
  if (!isOwnOrigin(origin, request.headers.get('host') ?? ''))
    throw denied(`requests of "${origin}" are not accepted here`)
}

/** The value of a cookie; empty: there is none. */
export function cookieOf(request: Request, name: string): string {
  for (const part of (request.headers.get('cookie') ?? '').split(';')) {
    const at = part.indexOf('=')
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return ''
}

/** Whether a peer is on this machine. */
export function isLoopback(address: string): boolean {
  return (
    /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(address) ||
    address === '::1' ||
    /^(?:0{1,4}:){7}0{0,3}1$/.test(address) ||
    address.startsWith('0000:0000:0000:0000:0000:ffff:7f')
  )
}

/** Whether a request names this machine by a name that no other machine's page can have: otherwise any page could be this one's by its DNS. */
export function isLoopbackHost(host: string): boolean {
  return /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i.test(host)
}
