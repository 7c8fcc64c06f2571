import type { SessionRequest } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import type { Log } from '#mesh/log.ts'
import { inSpan } from '#mesh/trace.ts'
import type { Tracer } from '#mesh/trace.ts'
import { toFailed } from './failed.ts'
import type { Answer, Command, Session } from './session.ts'

/**
 * Serves a session's stream. Commands are carried out at once, whatever others still wait for; those about one spell in their order. Answers carry the
 * command's id. Ends with the requests.
 * When this runner drains, it says so, and serves on.
 */
export async function* serveSession(
  requests: AsyncIterable<SessionRequest>,
  session: Session,
  { log, draining, tracer }: { readonly log: Log; readonly draining: AbortSignal; readonly tracer: Tracer },
  signal: AbortSignal,
): AsyncGenerator<Answer> {
  const answers: Answer[] = []
  const lanes = new Map<string, Promise<void>>()
  let wake = () => {}
  let ended = false
  const answer = (response: Answer) => {
    answers.push(response)
    wake()
  }
  /** Whoever is told goes elsewhere, and ends this stream when all is answered. */
  const onDraining = () => {
    session.leave()
    answer({ id: 0, result: { $case: 'draining', value: {} } })
  }
  if (draining.aborted) onDraining()
  else draining.addEventListener('abort', onDraining)
  const read = createReader(requests, traced(session, tracer), log, answer, lanes)
  const reading = read()
    .catch((error: unknown) => {
      if (!signal.aborted) log.debug({ error }, 'a session’s stream broke')
    })
    .finally(() => {
      ended = true
      wake()
    })
  try {
    while (!ended || answers.length > 0 || lanes.size > 0) {
      const next = answers.shift()
      if (next) yield next
      else if (signal.aborted) break
      else
        await new Promise<void>(resolve => {
          wake = resolve
          if (ended && lanes.size > 0) void Promise.all(lanes.values()).then(() => resolve())
        })
    }
  } finally {
    draining.removeEventListener('abort', onDraining)
    session.end()
    await reading
  }
}

/** Reads commands and carries them out; `lanes` are what is still being done, by spell. */
function createReader(
  requests: AsyncIterable<SessionRequest>,
  execute: (request: SessionRequest, command: Command) => Promise<Answer['result']>,
  log: Log,
  answer: (response: Answer) => void,
  lanes: Map<string, Promise<void>>,
): () => Promise<void> {
  const carryOut = async (request: SessionRequest, command: Command) => {
    const { id } = request
    try {
      answer({ id, result: await execute(request, command) })
    } catch (error) {
      answer({ id, result: { $case: 'failed', value: toFailed(error, log) } })
    }
  }
  return async () => {
    for await (const request of requests) {
      const { command } = request
      if (!command) continue
      const lane = laneOf(command)
      if (lane === undefined) {
        void carryOut(request, command)
        continue
      }
      const before = lanes.get(lane) ?? Promise.resolve()
      const work = before.then(() => carryOut(request, command))
      // A start comes after what was said before it; what is said next need not wait until it is stored.
      if (command.$case === 'start') continue
      lanes.set(lane, work)
      void work.then(() => lanes.get(lane) === work && lanes.delete(lane))
    }
  }
}

/** Commands are parts of the traces that they name; a heartbeat is part of none. */
function traced(session: Session, tracer: Tracer) {
  return ({ traceparent }: SessionRequest, command: Command) => {
    if (!tracer.on || traceparent === '') return session.execute(command)
    const name = `session ${command.$case}`
    return inSpan(tracer, name, { kind: 'server', parent: traceparent }, () => session.execute(command))
  }
}

/** Opening, editing and closing one spell follow each other. */
function laneOf(command: Command): string | undefined {
  return 'spellId' in command.value ? command.value.spellId : undefined
}
