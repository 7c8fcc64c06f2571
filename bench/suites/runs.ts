import { ensurePeers } from '../engine/peers.ts'
import type { Result, Suite } from '../harness.ts'
import { tryRows } from '../mesh/attempt.ts'
import { startGround } from '../mesh/mesh.ts'
import { measureKills } from '../runs/kills.ts'
import { measureRest } from '../runs/rest.ts'
import { measureSessions } from '../runs/sessions.ts'
import { measureSteps, openInbox } from '../runs/steps.ts'
import { startEmbedded, startSeparate, withLoad } from '../runs/systems.ts'
import { openWorkshop } from '../start/programs.ts'
import type { Program } from '../start/programs.ts'

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
          const rows = (name: string, work: (load: Program) => Promise<readonly Result[]>) =>
            tryRows(report, `${name}, ${system.name}`, () => withLoad(workshop, work))
          await rows('session runs', load => measureSessions(system, load))
          await rows('REST runs', load => measureRest(workshop, system, load))
          await rows('durable steps', load => measureSteps(workshop, ground, system, load, inbox))
          if (system.mesh) await rows('runner killed', load => measureKills(system, load))
          await system.end()
          return []
        })
    } finally {
      inbox.close()
      await workshop.close()
    }
  },
}
