import { fileURLToPath } from 'node:url'
import type { JsonObject } from '#graph/json.ts'
import { startMesh, UNLIMITED } from '../mesh/mesh.ts'
import type { Ground, Mesh } from '../mesh/mesh.ts'
import { openAccount } from '../start/account.ts'
import { startServer } from '../start/boot.ts'
import type { Program, Workshop } from '../start/programs.ts'
import type { Account } from './run-socket.ts'

const LOAD = fileURLToPath(new URL('./load.ts', import.meta.url))
const FLOOR_RUNNER = fileURLToPath(new URL('./floor-runner.ts', import.meta.url))
const FLOOR_EDGE = fileURLToPath(new URL('./floor-edge.ts', import.meta.url))
const FLOOR_EMBEDDED = fileURLToPath(new URL('./floor-embedded.ts', import.meta.url))

/** A system under measurement, and its floor. */
export interface System {
  /** `embedded`, or `separate`. */
  readonly name: string
  readonly url: string
  /** Of all its processes. */
  readonly pids: readonly number[]
  /** The WebSocket URL of the same as bare as it can be, and what that is. */
  readonly floor: {
    readonly url: string
    readonly name: string
    readonly pids: readonly number[]
    readonly edge?: Program
    readonly runner?: Program
  }
  readonly mesh?: Mesh
  end(): Promise<void>
}

type Settings = Readonly<Record<string, string>>

/** Has a process of its own make the load; it ends with `work`, whatever becomes of that. */
export async function withLoad<T>(workshop: Workshop, work: (load: Program) => Promise<T>): Promise<T> {
  const load = await workshop.start(LOAD)
  try {
    return await work(load)
  } finally {
    await load.end()
  }
}

/** Everything in one process, on PGlite. */
export async function startEmbedded(workshop: Workshop, more: Settings): Promise<System> {
  const server = await startServer(workshop, workshop.folder(), { ...UNLIMITED, ...more })
  const floor = await workshop.start(FLOOR_EMBEDDED, [workshop.folder()])
  return {
    ...{ name: 'embedded', url: server.ready, pids: [server.pid] },
    floor: { url: floor.ready, pids: [floor.pid], name: 'bare: WebSocket → PGlite commit → WebSocket' },
    end: async () => void (await Promise.all([server, floor].map(one => one.end()))),
  }
}

/** user, completion, spell-runner and edge as processes, on PostgreSQL and NATS. */
export async function startSeparate(workshop: Workshop, ground: Ground, more: Settings): Promise<System> {
  const mesh = await startMesh(workshop, ground, more)
  const runner = await workshop.start(FLOOR_RUNNER, [ground.DATABASE_URL, ground.NATS_URL])
  const edge = await workshop.start(FLOOR_EDGE, [runner.ready, ground.NATS_URL])
  return {
    ...{ name: 'separate', url: mesh.edges[0]?.url ?? '', mesh, pids: mesh.pids() },
    floor: {
      ...{ url: edge.ready, edge, runner, pids: [ground.program.pid, edge.pid, runner.pid] },
      name: 'bare: WebSocket → edge → gRPC → runner → PostgreSQL commit → NATS → edge → WebSocket',
    },
    end: async () => void (await Promise.all([mesh, edge, runner].map(one => one.end()))),
  }
}

/** Accounts with this spell each. */
export async function openAccounts(url: string, count: number, document: JsonObject): Promise<Account[]> {
  const accounts: Account[] = []
  for (let index = 0; index < count; index++) {
    const { token, rest } = await openAccount(url)
    accounts.push({ token, spell: (await rest.createSpell(document)).id })
  }
  return accounts
}
