import type { Suite } from '../harness.ts'
import { measurePage, measureStart } from '../start/boot.ts'
import { measureIdle } from '../start/idle.ts'
import { openWorkshop } from '../start/programs.ts'
import { measureRest } from '../start/rest.ts'
import { measureSession } from '../start/session.ts'

/** What somebody who starts the system and runs a first spell waits for, and what it costs when nobody does. */
export const suite: Suite = {
  about: 'start-up, idle cost, latency of a session and runs by REST, of the whole system in one process on loopback',
  async run(report) {
    const workshop = openWorkshop()
    try {
      for (const result of await measureStart(workshop)) report(result)
      // One folder that was used before, for all that follows.
      const folder = workshop.folder()
      report(await measurePage(workshop, folder))
      for (const result of await measureSession(workshop, folder)) report(result)
      for (const result of await measureRest(workshop, folder)) report(result)
      for (const result of await measureIdle(workshop, folder)) report(result)
    } finally {
      await workshop.close()
    }
  },
}
