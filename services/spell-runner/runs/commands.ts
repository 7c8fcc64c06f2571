import type { Answer } from '#graph/activation.ts'
import type { Json } from '#graph/json.ts'
import { RunRefusal } from '#graph/refusal.ts'
import type { Bus } from '#mesh/bus.ts'
import { subject } from '#mesh/bus.ts'
import type { Code, Problem } from '#mesh/errors.ts'
import { CodedError, exhausted, invalid, isCoded, precondition, unavailable } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import { newId } from '#mesh/ids.ts'
import type { ActiveRun } from './active.ts'

/** What a run at work can be asked; plain JSON, so that it can travel to the runner that has it. */
export type RunCommand =
  | { readonly kind: 'cancel'; readonly reason: string }
  | { readonly kind: 'pause' }
  | { readonly kind: 'play'; readonly step: boolean; readonly breakpoints?: readonly string[] }
  | { readonly kind: 'answer'; readonly activation: string; readonly answer: Answer }
  | { readonly kind: 'send'; readonly name: string; readonly message: Json }

/** Does it; resolves when what it led to at once is stored. Rejects with a coded error. */
export async function perform(run: ActiveRun, command: RunCommand): Promise<void> {
  if (command.kind === 'cancel') {
    run.cancel(command.reason)
    await run.stored
    return run.finished
  }
  try {
    await run.ask(engine => {
      switch (command.kind) {
        case 'pause':
          return engine.pause()
        case 'play':
          if (command.breakpoints) engine.setBreakpoints(command.breakpoints)
          return engine.play(command.step)
        case 'answer':
          return engine.answer(command.activation, command.answer)
        case 'send':
          return engine.send(command.name, command.message)
      }
    })
  } catch (error) {
    throw error instanceof RunRefusal ? toCoded(error) : error
  }
}

function toCoded({ code, problems, message }: RunRefusal): CodedError {
  if (code === 'INVALID') return invalid(problems)
  return code === 'BUSY' ? exhausted(message) : precondition(message, { problems })
}

/** What the bus takes in one message, and a little less. */
const MOST_BYTES = 1_000_000
const ANSWER_MS = 4_000

/** Commands for runs that another runner has. */
export interface RemoteCommands {
  /** Rejects with UNAVAILABLE where no runner answers in time. */
  ask(run: string, owner: string, command: RunCommand): Promise<void>
  close(): void
}

interface Asked {
  readonly id: string
  readonly owner: string
  readonly command: RunCommand
}
interface Replied {
  readonly error?: { readonly code: Code; readonly message: string; readonly problems: readonly Problem[] }
}

/** `find`: a run at work here. */
export function createRemoteCommands(bus: Bus, find: (run: string) => ActiveRun | undefined, log: Log): RemoteCommands {
  const subscription = bus.subscribe('ctl.v1.*', ({ subject: name, payload }) => {
    const run = find(name.slice('ctl.v1.'.length))
    if (!run) return
    const { id, owner, command } = JSON.parse(Buffer.from(payload).toString()) as Asked
    if (run.owner !== owner) return
    const reply = (replied: Replied) => bus.publish(subject('ctr.v1', id), Buffer.from(JSON.stringify(replied)))
    perform(run, command).then(
      () => reply({}),
      (error: unknown) => {
        if (!isCoded(error)) log.error({ error, run: run.id }, 'a command for a run failed')
        const { code, message, problems } = isCoded(error) ? error : new CodedError('INTERNAL', 'internal')
        reply({ error: { code, message, problems } })
      },
    )
  })
  return {
    async ask(run, owner, command) {
      const id = newId('r')
      const payload = Buffer.from(JSON.stringify({ id, owner, command } satisfies Asked))
      if (payload.length > MOST_BYTES)
        throw invalid([{ path: 'message', message: `takes ${payload.length} bytes; at most ${MOST_BYTES}` }])
      const replied = Promise.withResolvers<Replied>()
      const answers = bus.subscribe(subject('ctr.v1', id), ({ payload }) =>
        replied.resolve(JSON.parse(Buffer.from(payload).toString()) as Replied),
      )
      const timer = setTimeout(
        () => replied.reject(unavailable(`the run "${run}" has no runner at the moment: try again`)),
        ANSWER_MS,
      )
      try {
        await bus.settled()
        bus.publish(subject('ctl.v1', run), payload)
        const { error } = await replied.promise
        if (error) throw new CodedError(error.code, error.message, { problems: error.problems })
      } finally {
        clearTimeout(timer)
        answers.unsubscribe()
      }
    },
    close: () => subscription.unsubscribe(),
  }
}
