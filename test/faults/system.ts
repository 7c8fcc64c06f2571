// A whole mesh of processes, each of which reaches the others over links of its own.
import { createServer } from 'node:net'
import type { Ground, Program, Server } from '../processes.ts'
import { startGround, startProgram } from '../processes.ts'
import type { Said } from './history.ts'
import { openLink } from './link.ts'
import type { Link } from './link.ts'
import { natsFilter, NO_MISCHIEF } from './nats-filter.ts'
import type { Mischief } from './nats-filter.ts'
import type { Random } from './random.ts'

/** A process of the mesh, which can be killed and started again. */
export interface Part {
  readonly name: string
  readonly pid: number
  /** Ends it; resolves when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<number | string>
  signal(signal: NodeJS.Signals): void
  /** Starts it again, at the same addresses. */
  start(): Promise<void>
}

export interface System extends AsyncDisposable {
  /** Where clients connect: to either edge. */
  readonly url: string
  /** By name: `user`, `completion`, `runner-1` …, `edge-1` … */
  readonly parts: ReadonlyMap<string, Part>
  /** By `from→to`: from each part to `postgres` and `nats`; to each runner `edges→runner-1`; `edge-1→user`, `runner-1→completion`; `clients→edges`. */
  readonly links: ReadonlyMap<string, Link>
  readonly nats: Server
  readonly postgres: Server
  readonly said: readonly Said[]
  readonly databaseUrl: string
  /** What the bus does to messages from now on; answers how often it did so far. */
  trick(mischief: Mischief): void
  tricks(): number
}

export interface SystemOptions {
  readonly runners: number
  readonly edges: number
  readonly random: Random
  readonly settings: Readonly<Record<string, string>>
}

/** A port that nobody is given by chance: what is killed must find its own free again. */
async function reservePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const server = createServer()
    const isFree = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    await new Promise(resolve => server.close(resolve))
    if (isFree) return port
  }
}

const CLOCK = new URL('./clock.ts', import.meta.url).href

export async function startSystem(options: SystemOptions): Promise<System> {
  const ground = await startGround()
  const links = new Map<string, Link>()
  const parts = new Map<string, Part>()
  const end = async () => {
    for (const one of links.values()) one.heal()
    await Promise.all([...parts.values()].map(part => part.stop('SIGKILL')))
    await Promise.all([...links.values()].map(one => one[Symbol.asyncDispose]()))
    await ground[Symbol.asyncDispose]()
  }
  try {
    return { ...(await startParts(options, ground, links, parts)), [Symbol.asyncDispose]: end }
  } catch (error) {
    await end()
    throw error
  }
}

async function startParts(
  options: SystemOptions,
  ground: Ground,
  links: Map<string, Link>,
  parts: Map<string, Part>,
): Promise<Omit<System, typeof Symbol.asyncDispose>> {
  const { random } = options
  const said: Said[] = []
  let [mischief, tricks] = [NO_MISCHIEF, 0]
  const link = async (name: string, ...ports: readonly number[]) => {
    const isBus = name.endsWith('→nats')
    const filter = () =>
      natsFilter(
        random,
        () => mischief,
        () => void tricks++,
      )
    const made = await openLink(ports, isBus ? { filter } : {})
    links.set(name, made)
    return `127.0.0.1:${made.port}`
  }
  const portOf = (url: string) => Number(new URL(url).port)
  const { NATS_URL, DATABASE_URL } = ground.settings
  const begin = async (name: string, service: string, own: Readonly<Record<string, string>>) => {
    const database = new URL(DATABASE_URL)
    database.host = await link(`${name}→postgres`, portOf(DATABASE_URL))
    const part = createPart(name, service, said, {
      ...options.settings,
      DATABASE_URL: database.href,
      NATS_URL: `nats://${await link(`${name}→nats`, portOf(NATS_URL))}`,
      ...own,
    })
    parts.set(name, part)
    await part.start()
  }
  const [user, completion, cache] = [await reservePort(), await reservePort(), await reservePort()]
  const runners = await Promise.all(Array.from({ length: options.runners }, reservePort))
  const edges = await Promise.all(Array.from({ length: options.edges }, reservePort))
  await Promise.all([
    begin('user', 'user', { GRPC_PORT: String(user) }),
    begin('cache', 'cache', { GRPC_PORT: String(cache) }),
    begin('completion', 'completion', {
      GRPC_PORT: String(completion),
      USER_ADDRESS: await link('completion→user', user),
      CACHE_ADDRESS: await link('completion→cache', cache),
    }),
  ])
  const beginRunner = async (port: number, index: number) => {
    const name = `runner-${index + 1}`
    await begin(name, 'spell-runner', {
      GRPC_PORT: String(port),
      GRPC_ADVERTISE: await link(`edges→${name}`, port),
      COMPLETION_ADDRESS: await link(`${name}→completion`, completion),
      CACHE_ADDRESS: await link(`${name}→cache`, cache),
      OUTBOUND_ALLOW: '127.0.0.1',
    })
  }
  await Promise.all(runners.map(beginRunner))
  const beginEdge = async (port: number, index: number) => {
    const name = `edge-${index + 1}`
    await begin(name, 'edge', {
      ...{ PORT: String(port), HOST: '127.0.0.1', GRPC_PORT: String(await reservePort()) },
      SPELL_RUNNER_ADDRESS: await link(`${name}→runners`, ...runners),
      USER_ADDRESS: await link(`${name}→user`, user),
      COMPLETION_ADDRESS: await link(`${name}→completion`, completion),
    })
  }
  await Promise.all(edges.map(beginEdge))
  return {
    url: `http://${await link('clients→edges', ...edges)}`,
    parts,
    links,
    nats: ground.nats,
    postgres: ground.postgres,
    said,
    databaseUrl: DATABASE_URL,
    trick(given) {
      mischief = given
    },
    tricks: () => tricks,
  }
}

function createPart(name: string, service: string, said: Said[], settings: Readonly<Record<string, string>>): Part {
  let program: Program | undefined
  const signal = (given: NodeJS.Signals) => void (program && process.kill(program.pid, given))
  return {
    name,
    get pid() {
      return program?.pid ?? 0
    },
    signal,
    async stop(given = 'SIGTERM') {
      const ended = program
      if (!ended) return 0
      const status = await ended.stop(given)
      if (program === ended) program = undefined
      return status
    },
    async start() {
      program ??= await startProgram([service], settings, {
        nodeArguments: ['--import', CLOCK],
        onSaid: line => void said.push({ process: name, line }),
      })
    },
  }
}
