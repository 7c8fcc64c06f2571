// Run as the leader of a process group of its own: a NATS server and a PostgreSQL server in a new folder, until its standard input ends or SIGTERM.
import { startGround } from '#test/processes.ts'

const ground = await startGround()
process.stdout.write(`ready ${JSON.stringify(ground.settings)}\n`)
await new Promise<void>(resolve => {
  process.once('SIGTERM', resolve)
  process.stdin.once('end', resolve).resume()
})
await ground[Symbol.asyncDispose]()
process.exit()
