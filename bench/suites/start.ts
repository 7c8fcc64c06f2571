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
      report(await measurePage(workshop))
      for (const result of await measureSession(workshop)) report(result)
      for (const result of await measureRest(workshop)) report(result)
      for (const result of await measureIdle(workshop)) report(result)
    } finally {
      await workshop.close()
    }
  },
}
