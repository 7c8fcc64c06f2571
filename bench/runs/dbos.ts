// Run in a process of its own: DBOS on the same PostgreSQL server, called in its own process. Each step of a workflow is a checkpoint in the database.
import { serveCommands } from '../mesh/commands.ts'
import { loadPeer } from '../peers/load.ts'
import { commandsOf, step } from './durable.ts'
import type { Workflow } from './durable.ts'

interface Dbos {
  setConfig(config: object): void
  launch(): Promise<void>
  registerWorkflow<A, R>(work: (given: A) => Promise<R>, config: object): (given: A) => Promise<R>
  runStep<R>(work: () => Promise<R>, config: object): Promise<R>
}

const { DBOS } = await loadPeer<{ DBOS: Dbos }>('@dbos-inc/dbos-sdk')
const url = new URL(process.argv[2] ?? '')
url.pathname = '/bench_dbos'
DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url.href, logLevel: 'error', runAdminServer: false })
const run = DBOS.registerWorkflow(
  async ({ steps, url: to }: Workflow) => {
    let value = 0
    for (let index = 0; index < steps; index++) value = await DBOS.runStep(() => step(value, to), { name: 'step' })
    return value
  },
  { name: 'steps' },
)
await DBOS.launch()
await serveCommands(commandsOf(run))
