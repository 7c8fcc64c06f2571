// Run in a process of its own: the runner of the bare pipeline. Each message of the gRPC stream is answered by its text once a row with the entries of a run is
// committed, and the entries go out by NATS.
import { connect } from '@nats-io/transport-node'
import { createServer } from 'nice-grpc'
import { serveCommands } from '../mesh/commands.ts'
import { openBareCommits, RUN_TEXTS } from './bare-commits.ts'
import { BARE } from './bare-grpc.ts'

const [database = '', nats = ''] = process.argv.slice(2)
const commits = await openBareCommits(database)
const bus = await connect({ servers: nats })
const server = createServer()
server.add(BARE, {
  unary: async request => request,
  async *stream(requests) {
    for await (const request of requests) {
      const run = request.toString()
      if (run.startsWith('echo')) yield request
      else void commits.put(run, RUN_TEXTS).then(() => bus.publish(`bare.${run}`, `${run}\n${RUN_TEXTS}`))
    }
  },
})
const port = await server.listen('127.0.0.1:0')

await serveCommands(
  {
    /** Commits of so many rows, one after another: how long each took. */
    async commits({ rows, ms }: { rows: number; ms: number }) {
      const given = Array.from({ length: rows }, (_, index) => ({ run: `r${index}`, texts: RUN_TEXTS.slice(0, 200) }))
      const took: number[] = []
      const began = performance.now()
      while (performance.now() - began < ms) {
        const before = performance.now()
        await commits.commit(given)
        took.push(performance.now() - before)
      }
      return { took, perSecond: ((took.length * rows) / (performance.now() - began)) * 1000 }
    },
  },
  `127.0.0.1:${port}`,
)
