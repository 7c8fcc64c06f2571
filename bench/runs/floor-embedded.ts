// Run in a process of its own: the same with everything in one process. A message of a WebSocket, a row committed by PGlite with those of other runs, the entries back.
import { openBareCommits, RUN_TEXTS } from './bare-commits.ts'
import { loadBareUws } from '../edge/bare-uws.ts'

const commits = await openBareCommits(process.argv[2] ?? '')
const uws = await loadBareUws()
uws
  .App()
  .ws('/*', {
    message(ws, message) {
      const run = Buffer.from(message).toString()
      void commits.put(run, RUN_TEXTS).then(() => ws.send(`${run}\n${RUN_TEXTS}`))
    },
  })
  .listen('127.0.0.1', 0, socket => {
    if (socket) process.stdout.write(`ready ws://127.0.0.1:${uws.us_socket_local_port(socket as never)}\n`)
  })
