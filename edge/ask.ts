import type { Identity } from '#mesh/identity.ts'
import type { Calls } from './protocol.ts'
import type { RunnerClient } from './runners.ts'
import { toBytes } from './start.ts'

/** Asks a run something, wherever it is at work. */
export async function askRun(
  runner: RunnerClient,
  caller: Identity,
  method: 'run.pause' | 'run.play' | 'run.answer' | 'run.send' | 'run.cancel',
  params: object,
): Promise<unknown> {
  const options = { caller }
  const { run: runId } = params as { run: string }
  switch (method) {
    case 'run.pause':
      return runner.pauseRun({ runId }, options)
    case 'run.play': {
      const { step = false, breakpoints } = params as Calls['run.play']['params']
      return runner.playRun({ runId, step, breakpoints: breakpoints ?? [], setBreakpoints: !!breakpoints }, options)
    }
    case 'run.answer': {
      const { activation, choice = '', value, outputs } = params as Calls['run.answer']['params']
      return runner.answerRun({ runId, activation, choice, value: toBytes(value), outputs: toBytes(outputs) }, options)
    }
    case 'run.send': {
      const { name, message } = params as Calls['run.send']['params']
      return runner.sendToRun({ runId, name, message: toBytes(message) }, options)
    }
    case 'run.cancel':
      return runner.cancelRun({ runId }, options)
  }
}
