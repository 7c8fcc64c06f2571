// Run by contest.ts, once per contender, in a process of its own: one's listeners, hooks and compiled code are nobody else's.
import { perSecond } from '../harness.ts'
import { checkOutcome } from './contender.ts'
import type { Contender, Job, Shape } from './contender.ts'
import { bytesPerWaitingRun, raisedByRuns } from './memory.ts'

const contenders: Readonly<Record<string, () => Promise<{ readonly contender: Contender }>>> = {
  ours: () => import('./contenders/ours.ts'),
  'by-hand': () => import('./contenders/by-hand.ts'),
  'behave-graph': () => import('./contenders/behave-graph.ts'),
  'node-red': () => import('./contenders/node-red.ts'),
  rete: () => import('./contenders/rete.ts'),
  rivet: () => import('./contenders/rivet.ts'),
  langgraph: () => import('./contenders/langgraph.ts'),
}

/** What the contest asks for. Every answer is a number, but the name's. */
export type Question =
  | { readonly ask: 'name' }
  /** Makes what is made once, and runs it once, checked: answers the milliseconds of the run. */
  | { readonly ask: 'open'; readonly shape: Shape }
  /** Runs what was opened last, at least once and for so long: answers steps per second. */
  | { readonly ask: 'speed'; readonly shape: Shape; readonly forMs: number }
  /** Bytes by which the process grows while so many runs of so many steps are under way. */
  | { readonly ask: 'raised'; readonly runs: number; readonly steps: number }
  /** Bytes that a run of three steps holds whose second one waits. */
  | { readonly ask: 'waiting'; readonly runs: number }

const load = contenders[process.argv[2] ?? '']
if (!load) throw new Error(`expected one of ${Object.keys(contenders).join(', ')}; got "${process.argv[2]}"`)
const { contender } = await load()
const jobs = new Map<string, Job>()

process.on('message', (question: Question) => {
  answer(question).then(
    value => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.send?.({ value: 'ready' })

async function answer(question: Question): Promise<number | string> {
  switch (question.ask) {
    case 'name':
      return contender.name
    case 'open':
      return openShape(question.shape)
    case 'speed': {
      const { shape, forMs } = question
      const job = jobs.get(JSON.stringify(shape))
      if (!job) throw new Error(`nothing was opened for ${JSON.stringify(shape)}`)
      return perSecond(async () => {
        const outcome = await job()
        checkOutcome(shape, outcome)
        return outcome.steps
      }, forMs)
    }
    case 'raised':
      return raisedByRuns(contender, question.runs, question.steps)
    case 'waiting':
      return bytesPerWaitingRun(contender, question.runs)
  }
}

async function openShape(shape: Shape): Promise<number> {
  const job = await contender.open(shape)
  const began = performance.now()
  checkOutcome(shape, await job())
  jobs.set(JSON.stringify(shape), job)
  return performance.now() - began
}
