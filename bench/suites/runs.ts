import { ensurePeers } from '../engine/peers.ts'
import type { Suite } from '../harness.ts'
import { tryRows } from '../mesh/attempt.ts'
import { startGround } from '../mesh/mesh.ts'
import { measureKills } from '../runs/kills.ts'
import { measureRest } from '../runs/rest.ts'
import { measureSessions } from '../runs/sessions.ts'
import { measureSteps, openInbox } from '../runs/steps.ts'
import { startEmbedded, startSeparate } from '../runs/systems.ts'
import { openWorkshop } from '../start/programs.ts'

/** What a durable run costs, in one process and in several. */
export const suite: Suite = {
  about: 'durable runs: all in one process on PGlite, and as separate processes on PostgreSQL and NATS',
  async run(report) {
    await ensurePeers()
    const workshop = openWorkshop()
    const inbox = await openInbox()
    const more = { OUTBOUND_ALLOW: inbox.host }
    try {
      const ground = await startGround(workshop)
      for (const start of [() => startEmbedded(workshop, more), () => startSeparate(workshop, ground, more)])
        await tryRows(report, 'runs', async () => {
          const system = await start()
          await tryRows(report, `session runs, ${system.name}`, () => measureSessions(system))
          await tryRows(report, `REST runs, ${system.name}`, () => measureRest(workshop, system))
          await tryRows(report, `durable steps, ${system.name}`, () => measureSteps(workshop, ground, system, inbox))
          if (system.mesh) await tryRows(report, 'runner killed', () => measureKills(system))
          await system.end()
          return []
        })
    } finally {
      inbox.close()
      await workshop.close()
    }
  },
}
