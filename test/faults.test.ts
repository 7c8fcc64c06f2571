// The short form of `npm run faults`: one mesh at work, some faults one after the other, and everything must be as it has to be.
import { describe, expect, test } from '@jest/globals'
import { playScenario } from './faults/scenario.ts'
import { missingPrograms } from './processes.ts'

const missing = missingPrograms()
/** Always the same one here; `npm run faults` takes others. */
const seed = Number(process.env['FAULTS_SEED'] ?? 20_261_121)
;(missing.length === 0 ? describe : describe.skip)(
  `a mesh at work${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}, FAULTS_SEED=${seed}`,
  () => {
    test('keeps its promises when parts are killed, frozen, cut off and restarted', async () => {
      const told: string[] = []
      const {
        problems,
        runs,
        told: entries,
        done,
      } = await playScenario({
        faults: ['runner killed', 'edge killed', 'link cut for a moment', 'NATS restarted', 'completion killed'],
        ...{ seed, long: false, runners: 2, edges: 2, people: 2, atOnce: 1, leaseMs: 1_500, settleMs: 40_000 },
        log: text => void told.push(text),
      })
      expect(problems.map(problem => `${problem}\nafter ${told.join('; ')}`)).toEqual([])
      expect(runs).toBeGreaterThan(5)
      expect(entries).toBeGreaterThan(100)
      expect(done.get('started')).toBeGreaterThan(5)
    }, 180_000)
  },
)
