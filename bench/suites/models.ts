import type { Suite } from '../harness.ts'
import { tryRows } from '../mesh/attempt.ts'
import { measureAnswers } from '../models/answers.ts'
import { measureCache } from '../models/cache.ts'
import { openStage } from '../models/stage.ts'
import { measureStreams } from '../models/streams.ts'
import { openWorkshop } from '../start/programs.ts'

/** What stands between a model and who asks it. */
export const suite: Suite = {
  about: 'answers of a local model through completion, against the openai package alone; values out of the cache',
  async run(report) {
    const workshop = openWorkshop()
    try {
      const stage = await openStage(workshop)
      // Before anything else: what a busy hour left behind is not what streams take.
      await tryRows(report, 'open streams', () => measureStreams(stage))
      await tryRows(report, 'answers', () => measureAnswers(stage))
      await stage.end()
      await tryRows(report, 'cache', () => measureCache(workshop))
    } finally {
      await workshop.close()
    }
  },
}
