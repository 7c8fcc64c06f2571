import { fileURLToPath } from 'node:url'
import { freePort, missingPrograms } from '#test/processes.ts'
import type { Program, Workshop } from '../start/programs.ts'

const GROUND = fileURLToPath(new URL('./ground.ts', import.meta.url))
const MAIN = fileURLToPath(new URL('../../mesh/main.ts', import.meta.url))
const COLLECTOR = fileURLToPath(new URL('./collect.ts', import.meta.url))

/** Flags of Node: SIGUSR2 collects the garbage. */
export const COLLECT: readonly string[] = ['--expose-gc', '--import', COLLECTOR]

export interface Ground {
  readonly program: Program
  readonly NATS_URL: string
  readonly DATABASE_URL: string
}

/** Starts a NATS server and a PostgreSQL server with an empty cluster. */
export async function startGround(workshop: Workshop): Promise<Ground> {
  const missing = missingPrograms()
  if (missing.length > 0) throw new Error(`not installed here: ${missing.join(', ')}`)
  const program = await workshop.command(process.execPath, [...QUIET, GROUND], {})
  return { ...(JSON.parse(program.ready) as Omit<Ground, 'program'>), program }
}

const QUIET = ['--disable-warning=ExperimentalWarning']

/** The system as separate processes. */
export interface Mesh {
  readonly ground: Ground
  readonly runners: { readonly program: Program; readonly port: number }[]
  /** Of all its processes, and of what they stand on. */
  pids(): readonly number[]
  readonly edges: { readonly program: Program; readonly url: string }[]
  /** One more, where the service's address leads, unless another one stands there; edges find it by its lease, within some seconds. */
  startRunner(): Promise<Program>
  startEdge(): Promise<string>
  /** Ends all of them at once. */
  end(): Promise<void>
}

/** Settings under which only the machine limits what is measured. */
export const UNLIMITED = {
  SOCKETS_PER_USER: '100000',
  SOCKETS_PER_ADDRESS: '100000',
  SOCKETS_WAITING: '100000',
  COMMANDS_PER_SECOND: '1000000',
  RUNS_PER_USER: '100000',
  REGISTRATION: 'open',
}

/** What runs in one process beside the others. */
const REST = ['cache', 'huggingface', 'speech', 'weaviate', 'document', 'event', 'entity', 'search']

/** Starts user, completion, a runner and an edge, on one PostgreSQL and one NATS server. */
export async function startMesh(
  workshop: Workshop,
  ground: Ground,
  more: Readonly<Record<string, string>> = {},
): Promise<Mesh> {
  const [user, completion, runner, rest] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const at = (port: number) => `127.0.0.1:${port}`
  const { NATS_URL, DATABASE_URL } = ground
  const settings = {
    ...{ NATS_URL, DATABASE_URL, ...UNLIMITED, GRPC_HOST: '127.0.0.1', HOST: '127.0.0.1', LOCAL_MODEL_DELAY_MS: '5' },
    ...{ USER_ADDRESS: at(user), COMPLETION_ADDRESS: at(completion), SPELL_RUNNER_ADDRESS: at(runner) },
    ...Object.fromEntries(REST.map(name => [`${name.toUpperCase()}_ADDRESS`, at(rest)])),
    ...more,
  }
  const start = (
    name: string,
    port: number,
    own: Readonly<Record<string, string>> = {},
    flags: readonly string[] = [],
  ) =>
    workshop.command(process.execPath, [...QUIET, ...flags, MAIN, ...name.split(' ')], {
      ...{ ...settings, GRPC_PORT: String(port), ...own },
    })
  const others = await Promise.all([start('user', user), start('completion', completion), start(REST.join(' '), rest)])
  const runners: Mesh['runners'] = []
  const edges: Mesh['edges'] = []
  const mesh: Mesh = {
    ground,
    runners,
    edges,
    pids: () =>
      [ground.program, ...others, ...[...runners, ...edges].map(({ program }) => program)].map(({ pid }) => pid),
    async startRunner() {
      const port = runners.some(one => one.port === runner) ? await freePort() : runner
      const program = await start('spell-runner', port)
      runners.push({ program, port })
      return program
    },
    async startEdge() {
      const port = await freePort()
      const program = await start('edge', await freePort(), { PORT: String(port) }, COLLECT)
      edges.push({ program, url: `http://127.0.0.1:${port}` })
      return `http://127.0.0.1:${port}`
    },
    async end() {
      await Promise.all([...[...edges, ...runners].map(({ program }) => program), ...others].map(one => one.end()))
    },
  }
  await mesh.startRunner()
  await mesh.startEdge()
  return mesh
}
