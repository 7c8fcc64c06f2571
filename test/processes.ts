import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { layCluster } from '#mesh/testing-cluster.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** A program of this system, or one that it needs, in a process of its own. */
export interface Program {
  readonly pid: number
  /** What it wrote to standard output, `ready …`. */
  readonly ready: string
  /** Ends it with a signal; resolves with its exit status, or the signal's name. */
  stop(signal?: NodeJS.Signals): Promise<number | string>
}

export interface ProgramOptions {
  /** Flags of Node, e.g. a module to load first. */
  readonly nodeArguments?: readonly string[]
  /** That it makes its database itself; otherwise it finds an empty one in its `DATA_DIR`. */
  readonly makesDatabase?: boolean
  /** Takes each line that it writes to standard error. */
  onSaid?(line: string): void
}

/** A free port on loopback. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Starts `node mesh/main.ts` with these services (none: all) and settings; resolves when it is ready. */
export async function startProgram(
  services: readonly string[],
  settings: Readonly<Record<string, string>>,
  { nodeArguments = [], makesDatabase = false, onSaid }: ProgramOptions = {},
): Promise<Program> {
  if (settings['DATA_DIR'] && !settings['DATABASE_URL'] && !makesDatabase) await layCluster(settings['DATA_DIR'])
  const { PATH = '' } = process.env
  const flags = ['--disable-warning=ExperimentalWarning', ...nodeArguments]
  const child = spawn(process.execPath, [...flags, 'mesh/main.ts', ...services], {
    cwd: ROOT,
    env: { PATH, LOG_LEVEL: 'warn', GRPC_HOST: '127.0.0.1', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (onSaid) createInterface(child.stderr).on('line', onSaid)
  const ready = await line(child, /^ready .*/m)
  return { pid: child.pid ?? 0, ready: ready.slice('ready '.length).trim(), stop: signal => stop(child, signal) }
}

/** Resolves with the first part of what the program writes that fits. Rejects when it ends before. */
function line(child: ChildProcess, pattern: RegExp, from: 'stdout' | 'stderr' = 'stdout'): Promise<string> {
  return new Promise((resolve, reject) => {
    let [said, told] = ['', '']
    const late = setTimeout(() => fail('it is not ready after 60 s'), 60_000)
    const fail = (why: string) => {
      clearTimeout(late)
      child.kill('SIGKILL')
      reject(new Error(`${child.spawnargs.slice(-2).join(' ')}: ${why}\n${said}${told}`))
    }
    const listen = (chunk: Buffer) => {
      said += String(chunk)
      const found = pattern.exec(said)?.[0]
      if (found === undefined) return
      clearTimeout(late)
      resolve(found)
    }
    child[from]?.on('data', listen)
    if (from === 'stdout') child.stderr?.on('data', (chunk: Buffer) => (told += String(chunk)))
    child.once('exit', status => fail(`it ended with ${status}`))
    child.once('error', error => fail(error.message))
  })
}

function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
  if (child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve(child.exitCode ?? child.signalCode ?? 0)
  return new Promise(resolve => {
    child.once('exit', (status, by) => resolve(status ?? by ?? 0))
    child.kill(signal)
  })
}

function binary(name: string): string | undefined {
  const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim()
  if (found) return found
  const base = '/usr/lib/postgresql'
  if (!existsSync(base)) return undefined
  return readdirSync(base)
    .map(version => join(base, version, 'bin', name))
    .find(path => existsSync(path))
}

/** What of the programs that a mesh needs is not installed here. */
export function missingPrograms(): readonly string[] {
  return [
    ['nats-server', 'nats-server'],
    ['postgres', 'postgresql'],
    ['initdb', 'postgresql'],
  ].flatMap(([program, of]) => (binary(program ?? '') ? [] : [of ?? '']))
}

/** A server on a port of its own, which can be ended and started again where it stood. */
export interface Server {
  readonly url: string
  /** Ends it; without a signal in order. */
  stop(signal?: NodeJS.Signals): Promise<number | string>
  /** Resolves when it takes connections. */
  start(): Promise<void>
}

/** A NATS server and a PostgreSQL server of the test's own. */
export interface Ground extends AsyncDisposable {
  readonly settings: { readonly NATS_URL: string; readonly DATABASE_URL: string }
  readonly nats: Server
  readonly postgres: Server
}

export async function startGround(): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'spellmesh-ground-'))
  const [nats, postgres] = await Promise.all([startNats(), startPostgres(folder)])
  return {
    settings: { NATS_URL: nats.url, DATABASE_URL: postgres.url },
    nats,
    postgres,
    async [Symbol.asyncDispose]() {
      await Promise.all([nats.stop(), postgres.stop()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A server of one process. */
async function startServer(
  url: string,
  run: () => ChildProcess,
  ready: RegExp,
  usual: NodeJS.Signals,
): Promise<Server> {
  let child: ChildProcess | undefined
  const server: Server = {
    url,
    stop: (signal = usual) => (child ? stop(child, signal) : Promise.resolve(0)),
    async start() {
      for (let tries = 1; ; tries++) {
        child = run()
        try {
          return void (await line(child, ready, 'stderr'))
        } catch (error) {
          // What was killed may hold on to its files for a moment.
          if (tries === 20) throw error
          await new Promise(resolve => setTimeout(resolve, 250))
        }
      }
    },
  }
  await server.start()
  return server
}

async function startNats(): Promise<Server> {
  const port = await freePort()
  const flags = ['-a', '127.0.0.1', '-p', String(port)]
  const run = () => spawn(binary('nats-server') ?? 'nats-server', flags, { stdio: ['ignore', 'ignore', 'pipe'] })
  return startServer(`nats://127.0.0.1:${port}`, run, /Server is ready/, 'SIGTERM')
}

/** PostgreSQL refuses to run as root: then it runs as its own user. */
async function startPostgres(folder: string): Promise<Server> {
  const port = await freePort()
  const isRoot = userInfo().uid === 0
  const asUser = (program: string, args: readonly string[]): readonly [string, readonly string[]] =>
    isRoot ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', program, ...args]] : [program, args]
  if (isRoot) {
    const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout)
    chownSync(folder, id('-u'), id('-g'))
  }
  const files = join(folder, 'data')
  const making = ['-D', files, '-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--locale=C']
  const [init, initArgs] = asUser(binary('initdb') ?? 'initdb', making)
  const made = spawnSync(init, initArgs, { encoding: 'utf8', cwd: folder })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const options = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`].flatMap(one => ['-c', one])
  const flags = ['-D', files, '-p', String(port), ...options]
  const [program, args] = asUser(binary('postgres') ?? 'postgres', flags)
  const run = () => spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  return startServer(`postgres://postgres@127.0.0.1:${port}/postgres`, run, /ready to accept connections/, 'SIGINT')
}

/** The whole system as separate processes over gRPC. */
export interface Mesh extends AsyncDisposable {
  readonly url: string
  /** `others`: those of {@link OTHERS}. */
  readonly programs: Record<'user' | 'completion' | 'edge' | 'others', Program> & { runners: Program[] }
  /** One more runner, on the same database. Edges find it by themselves, unless it is to stand in the place of the first. */
  startRunner(settings?: Readonly<Record<string, string>>): Promise<Program>
}

/** What runs in one process there. */
const OTHERS = ['cache', 'huggingface', 'speech', 'weaviate', 'document', 'event', 'entity', 'search']

export async function startMesh(ground: Ground, more: Readonly<Record<string, string>> = {}): Promise<Mesh> {
  const [user, completion, runner, edge] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const others = await freePort()
  const at = (port: number) => `127.0.0.1:${port}`
  const settings = {
    ...ground.settings,
    USER_ADDRESS: at(user),
    COMPLETION_ADDRESS: at(completion),
    ...Object.fromEntries(OTHERS.map(name => [`${name.toUpperCase()}_ADDRESS`, at(others)])),
    SPELL_RUNNER_ADDRESS: at(runner),
    LOCAL_MODEL_DELAY_MS: '5',
    REGISTRATION: 'open',
    ...more,
  }
  const start = (names: string, port: number, own: Readonly<Record<string, string>> = {}) =>
    startProgram(names.split(' '), { ...settings, GRPC_PORT: String(port), ...own })
  const [userProgram, completionProgram, othersProgram, runnerProgram, edgeProgram] = await Promise.all([
    start('user', user),
    start('completion', completion),
    start(OTHERS.join(' '), others),
    start('spell-runner', runner),
    start('edge', await freePort(), { PORT: String(edge), HOST: '127.0.0.1' }),
  ])
  const runners = [runnerProgram]
  const programs = {
    user: userProgram,
    completion: completionProgram,
    others: othersProgram,
    edge: edgeProgram,
    runners,
  }
  return {
    url: `http://127.0.0.1:${edge}`,
    programs,
    async startRunner(own = {}) {
      const program = await start('spell-runner', own['GRPC_PORT'] ? Number(own['GRPC_PORT']) : runner, own)
      runners.push(program)
      return program
    },
    async [Symbol.asyncDispose]() {
      await programs.edge.stop()
      await Promise.all(
        [...runners, programs.user, programs.completion, programs.others].map(program => program.stop()),
      )
    },
  }
}
