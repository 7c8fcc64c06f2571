import { realpathSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { listServices, loadServices } from './discover.ts'
import type { NamedService } from './discover.ts'
import { CodedError } from './errors.ts'
import { probeHealth } from './health-probe.ts'
import type { Host } from './host.ts'
import { describeSettings, describeSettingsAsMarkdown } from './settings.ts'
import type { SettingsSource } from './settings.ts'

const USAGE = `usage: node mesh/main.ts                       runs everything in this process
       node mesh/main.ts SERVICE...            runs these services; the others are called over gRPC
       node mesh/main.ts migrate [SERVICE...]  brings their tables in the database up to date (none: all), and ends
       node mesh/main.ts health                asks the process that PORT and GRPC_PORT name whether it is well
       node mesh/main.ts describe [--markdown] prints every setting`

/** Runs the command line. The process ends by itself, with status 0 after a drain and 1 when it could not start. */
export async function main(args: readonly string[], source: SettingsSource): Promise<void> {
  try {
    await command(args, source)
  } catch (error) {
    process.exitCode = 1
    process.stderr.write(`${explain(error)}\n`)
    releaseProcess()
  }
}

async function command(args: readonly string[], source: SettingsSource): Promise<void> {
  const known = await listServices()
  const [first, ...rest] = args
  if (first === 'health') return health(source)
  if (first === 'describe') return describe(await loadServices(known), rest, source)
  const names = first === 'migrate' ? rest : args
  const wrong = names.filter(name => !known.includes(name))
  if (wrong.length > 0)
    throw new CodedError(
      'INVALID_ARGUMENT',
      `unknown: ${wrong.map(name => `"${name}"`).join(', ')}; services are ${known.join(', ')}\n${USAGE}`,
    )
  const some = names.length > 0
  const services = await loadServices(some ? names : known)
  await (first === 'migrate' ? migrate(services, source) : run(services, some, source))
}

/** What is not needed to answer this is not loaded: containers ask often. */
async function health(source: SettingsSource): Promise<void> {
  const problems = await probeHealth(source)
  if (problems.length > 0) throw new CodedError('UNAVAILABLE', problems.join('\n'))
}

async function migrate(services: readonly NamedService[], source: SettingsSource): Promise<void> {
  const { migrateAll } = await import('./migrate-all.ts')
  const migrated = await migrateAll(services, source)
  process.stdout.write(`the tables are up to date: ${migrated.join(', ')}\n`)
  releaseProcess()
}

async function describe(
  services: readonly NamedService[],
  flags: readonly string[],
  source: SettingsSource,
): Promise<void> {
  const { settingsOwners } = await import('./host-settings.ts')
  const owners = settingsOwners(services)
  process.stdout.write(
    `${flags.includes('--markdown') ? describeSettingsAsMarkdown(owners) : describeSettings(owners, source)}\n`,
  )
}

async function run(services: readonly NamedService[], serve: boolean, source: SettingsSource): Promise<void> {
  // A signal during the start is kept until there is something to stop.
  let stopped = false
  let stop = (): void => {
    stopped = true
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop())
  const { startHost } = await import('./host.ts')
  const host = await startHost({ services, source, serve, ofProcess: true })
  if (stopped) return end(host)
  stop = () => void end(host)
  process.stdout.write(`ready ${host.url ?? host.grpcAddress ?? ''}\n`)
}

async function end(host: Host): Promise<void> {
  await host.stop()
  releaseProcess()
  process.exitCode ??= 0
}

/** Lets the process end although something, which should have been closed, still holds it; says what that is. */
function releaseProcess(): void {
  setTimeout(() => {
    const held = process
      .getActiveResourcesInfo()
      .filter(name => name !== 'Timeout' && name !== 'TTYWrap' && name !== 'PipeWrap')
    if (held.length > 0)
      process.stderr.write(`${JSON.stringify({ level: 'warn', held, message: 'still open at the end' })}\n`)
    const { _getActiveHandles: handles } = process as unknown as {
      _getActiveHandles?: () => readonly { unref?: () => void }[]
    }
    for (const handle of handles?.call(process) ?? []) handle.unref?.()
  }, RELEASE_AFTER_MS).unref()
}

const RELEASE_AFTER_MS = 1_000

function explain(error: unknown): string {
  if (error instanceof CodedError) {
    if (error.problems.length === 0) return error.message
    return [
      'these settings are not right:',
      ...error.problems.map(problem => `  ${problem.path}: ${problem.message}`),
    ].join('\n')
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

const script = process.argv[1]
if (script && import.meta.url === pathToFileURL(realpathSync(script)).href)
  await main(process.argv.slice(2), process.env)
