import { fileURLToPath } from 'node:url'
import { freePort } from '#test/processes.ts'
import { COLLECT, startGround } from '../mesh/mesh.ts'
import type { Program, Workshop } from '../start/programs.ts'
import type { Way } from './ways.ts'

/** A provider, completion as a process of its own, and who asks in each way. */
export interface Stage {
  readonly completion: Program
  readonly askers: Readonly<Record<Way, Program>>
  /** Ends who asks and who answers. */
  end(): Promise<void>
}

const MAIN = fileURLToPath(new URL('../../mesh/main.ts', import.meta.url))
const UPSTREAM = fileURLToPath(new URL('./upstream.ts', import.meta.url))
const ASKER = fileURLToPath(new URL('./asker.ts', import.meta.url))

/** Only the machine limits what is measured. */
const UNLIMITED = { COMPLETION_CONCURRENCY: '0', COMPLETION_RATE: '0' }

export async function openStage(workshop: Workshop): Promise<Stage> {
  const upstream = await workshop.start(UPSTREAM)
  const { DATABASE_URL, NATS_URL } = await startGround(workshop)
  const [own, others] = [await freePort(), await freePort()]
  const asked = { OPENAI_BASE_URL: upstream.ready, ...UNLIMITED }
  const settings = { ...asked, DATABASE_URL, NATS_URL, GRPC_HOST: '127.0.0.1', LOG_LEVEL: 'error' }
  const at = (port: number) => `127.0.0.1:${port}`
  const start = (services: readonly string[], port: number, more: Readonly<Record<string, string>>) =>
    workshop.command(process.execPath, ['--disable-warning=ExperimentalWarning', ...COLLECT, MAIN, ...services], {
      ...{ ...settings, GRPC_PORT: String(port), ...more },
    })
  const rest = await start(['user', 'cache', 'huggingface'], others, {})
  const completion = await start(['completion'], own, {
    ...{ USER_ADDRESS: at(others), CACHE_ADDRESS: at(others), HUGGINGFACE_ADDRESS: at(others) },
  })
  const ask = (way: Way, given: Readonly<Record<string, string>>) => workshop.start(ASKER, [way, JSON.stringify(given)])
  const askers = {
    bare: await ask('bare', asked),
    memory: await ask('memory', { ...asked, DATA_DIR: workshop.folder() }),
    grpc: await ask('grpc', { DATABASE_URL, COMPLETION_ADDRESS: at(own) }),
  }
  return {
    completion,
    askers,
    async end() {
      for (const program of [...Object.values(askers), completion, rest, upstream]) await program.end()
    },
  }
}
