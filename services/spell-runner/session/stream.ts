import type { SessionRequest } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { isCoded } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import { toJson } from '../json.ts'
import type { Answer, Command, Session } from './session.ts'

/**
 * Serves a session's stream. Commands are carried out at once, whatever others still wait for; those about one spell in their order. Answers carry the
 * command's id. Ends with the requests.
 * When this runner drains, it says so, and serves on.
 */
export async function* serveSession(
  requests: AsyncIterable<SessionRequest>,
  session: Session,
  { log, draining }: { readonly log: Log; readonly draining: AbortSignal },
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
  const read = createReader(requests, session, log, answer, lanes)
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
  session: Session,
  log: Log,
  answer: (response: Answer) => void,
  lanes: Map<string, Promise<void>>,
): () => Promise<void> {
  const execute = async (id: number, command: Command) => {
    try {
      answer({ id, result: await session.execute(command) })
    } catch (error) {
      answer({ id, result: { $case: 'failed', value: toFailed(error, log) } })
    }
  }
  return async () => {
    for await (const { id, command } of requests) {
      if (!command) continue
      const lane = laneOf(command)
      if (lane === undefined) {
        void execute(id, command)
        continue
      }
      const before = lanes.get(lane) ?? Promise.resolve()
      const work = before.then(() => execute(id, command))
      // A start comes after what was said before it; what is said next need not wait until it is stored.
      if (command.$case === 'start') continue
      lanes.set(lane, work)
      void work.then(() => lanes.get(lane) === work && lanes.delete(lane))
    }
  }
}

/** Opening, editing and closing one spell follow each other. */
function laneOf(command: Command): string | undefined {
  return 'spellId' in command.value ? command.value.spellId : undefined
}

function toFailed(error: unknown, log: Log) {
  if (isCoded(error)) return { code: error.code, message: error.message, problems: toJson(error.problems) }
  log.error({ error }, 'a command of a session failed')
  return { code: 'INTERNAL', message: 'internal', problems: toJson([]) }
}
