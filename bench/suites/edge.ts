import { deliver, deliverBare, noDelays, openSessions, toDeliveryResults } from '../edge/delivery.ts'
import { measureHot } from '../edge/hot.ts'
import { measureMemory } from '../edge/memory.ts'
import { measureDrop, measureKilledEdge, measureRejoin } from '../edge/returns.ts'
import { openStage } from '../edge/stage.ts'
import { ensurePeers } from '../engine/peers.ts'
import type { Suite } from '../harness.ts'
import { tryRows } from '../mesh/attempt.ts'
import { ask } from '../mesh/commands.ts'
import { openWorkshop } from '../start/programs.ts'

/** What lies between a commit and a client, and what becomes of many clients. */
export const suite: Suite = {
  about:
    'the edge as a process of its own, behind NATS, PostgreSQL and real commits, with its clients in another process',
  async run(report) {
    await ensurePeers()
    const workshop = openWorkshop()
    try {
      const stage = await openStage(workshop)
      const [ours, bare] = [noDelays(), noDelays()]
      await tryRows(report, 'idle session', () => measureMemory(stage))
      await stage.mesh.startEdge()
      await tryRows(report, 'commit → client', async () => {
        await deliverBare(stage, bare)
        const opened = await openSessions(stage)
        await deliver(stage, ours, 3)
        return opened
      })
      await tryRows(report, 'sockets dropped', () => measureDrop(stage, bare.drops))
      await tryRows(report, 'edge killed', () => measureKilledEdge(stage))
      await ask(stage.crowd, 'leave')
      await tryRows(report, 'commit → client', async () => {
        await deliverBare(stage, bare)
        return toDeliveryResults(stage, ours, bare)
      })
      await tryRows(report, 'hot run', () => measureHot(stage))
      await tryRows(report, 'rejoin', () => measureRejoin(stage))
    } finally {
      await workshop.close()
    }
  },
}
