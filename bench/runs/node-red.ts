// Run in a process of its own: Node-RED with a flow of three nodes in memory, and a bare HTTP server before it that answers when a message has come through. Its own
// HTTP nodes would cost more; nothing of a run is kept.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { contender } from '../engine/contenders/node-red.ts'

const job = await contender.open({ kind: 'chain', count: 3 })
const server = createServer((_, response) => {
  void Promise.resolve(job()).then(({ last }) => {
    const text = JSON.stringify({ status: 'completed', last, outputs: { greeting: 'Hello world' } })
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text)
  })
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
