// Run as the leader of a process group of its own: a Restate server in a folder, a service that it calls, and a caller of its ingress.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { freePort } from '#test/processes.ts'
import { serveCommands } from '../mesh/commands.ts'
import { loadPeer } from '../peers/load.ts'
import { commandsOf, step } from './durable.ts'
import type { Workflow } from './durable.ts'

interface Context {
  run<T>(name: string, action: () => Promise<T>): Promise<T>
}
interface Restate {
  service(definition: object): object
  serve(options: { services: object[]; port: number; logger: () => void }): Promise<number>
}

const { service, serve } = await loadPeer<Restate>('@restatedev/restate-sdk')
const steps = service({
  name: 'bench',
  handlers: {
    async steps(context: Context, { steps: count, url }: Workflow) {
      let value = 0
      for (let index = 0; index < count; index++) value = await context.run('step', () => step(value, url))
      return value
    },
  },
})
const [ours, ingress, admin, node] = [await freePort(), await freePort(), await freePort(), await freePort()]
// Its standard output is for answers.
await serve({ services: [steps], port: ours, logger: () => {} })
const peers = createRequire(new URL('../peers/package.json', import.meta.url))
const binary = peers.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`)
const server = spawn(binary, ['--no-logo', '--listen-mode', 'tcp', '--base-dir', process.argv[2] ?? ''], {
  env: {
    ...process.env,
    RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
    RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
    RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
    RESTATE_LOG_FILTER: 'error',
    DO_NOT_TRACK: '1',
  },
  stdio: ['ignore', 'ignore', 'inherit'],
})
server.once('exit', status => process.exit(status ?? 1))
process.once('SIGTERM', () => server.kill('SIGTERM'))
await register()

/** Tells the server of the service, as soon as it listens. */
async function register(): Promise<void> {
  const late = performance.now() + 30_000
  const body = JSON.stringify({ uri: `http://127.0.0.1:${ours}` })
  const headers = { 'content-type': 'application/json' }
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${admin}/deployments`, { method: 'POST', headers, body }).catch(
      () => undefined,
    )
    if (answer?.ok) return
    if (performance.now() > late) throw new Error(`the service was not taken: ${await answer?.text()}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

await serveCommands(
  commandsOf(async workflow => {
    const answer = await fetch(`http://127.0.0.1:${ingress}/bench/steps`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify(workflow),
    })
    return Number(await answer.text())
  }),
)
