import type { SpellRunnerServiceDefinition, StartRunRequest } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { invalid } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { Client } from '#mesh/service.ts'
import type { HttpRule } from './descriptors.ts'
import { EVENTS, eventStream } from './event-stream.ts'
import { writeMessage } from './messages.ts'
import { jsonReply } from './replies.ts'
import { readRequest, RUN_DEADLINE_MS, toRoute } from './rest.ts'
import type { EdgeApp, RestOptions } from './rest.ts'
import { CodedError } from '#mesh/errors.ts'

export interface RunOptions extends RestOptions {
  readonly runner: Client<typeof SpellRunnerServiceDefinition>
  readonly log: Log
  /** Aborts when this edge is to end and there are others: streams end, and are gone on with there. */
  readonly draining: AbortSignal
  /** A stream of events begins (1) or has ended (-1). */
  onStream(change: 1 | -1): void
}

/** Runs over HTTP: started and waited for, or followed as a stream of events, or left alone. Goes before {@link addRest}, whose routes it refines. */
export function addRuns(app: EdgeApp, options: RunOptions): void {
  const { contracts, authentication, runner } = options
  const ruleOf = (name: string): HttpRule => {
    const rule = contracts.rules.find(one => one.rpc.name === name)
    if (!rule) throw new Error(`no contract tells how HTTP shows "${name}"`)
    return rule
  }
  const [start, entries] = [ruleOf('StartRun'), ruleOf('ListEntries')]
  app.post(toRoute(start.path), async context => {
    const request = context.req.raw
    const caller = { user: (await authentication.ofRequest(request)).userId, service: 'edge' }
    const fields = (await readRequest(start, request, context.req.param(), contracts)) as Partial<StartRunRequest>
    const asynchronous = /(?:^|,)\s*respond-async\b/i.test(request.headers.get('prefer') ?? '')
    const streamed = accepts(request, EVENTS)
    const key = request.headers.get('idempotency-key')
    const asked = {
      ...fields,
      ...(key ? { idempotencyKey: key } : {}),
      detached: fields.detached === true || asynchronous || streamed,
    }
    const answer = await runner.startRun(asked, { caller, signal: request.signal, deadlineMs: RUN_DEADLINE_MS })
    const location = `/v1/runs/${answer.run?.id ?? ''}`
    if (streamed)
      return follow(answer.run?.id ?? '', 0, caller.user, request, options, { 'content-location': location })
    const text = writeMessage(start.rpc.output, { ...answer }, contracts)
    return asynchronous
      ? jsonReply(text, 202, { location, 'preference-applied': 'respond-async' })
      : jsonReply(text, 200, { 'content-location': location })
  })
  app.get(toRoute(entries.path), async (context, next) => {
    const request = context.req.raw
    if (!accepts(request, EVENTS)) return next()
    const { userId } = await authentication.ofRequest(request)
    const after = readPosition(request.headers.get('last-event-id') ?? context.req.query('after') ?? '0')
    return follow(context.req.param('run_id') ?? '', after, userId, request, options)
  })
}

function accepts(request: Request, type: string): boolean {
  return (request.headers.get('accept') ?? '').split(',').some(one => one.split(';')[0]?.trim() === type)
}

/** `attempt.seq`, as the ids of events are, or a bare number. */
function readPosition(text: string): number {
  const seq = /^(?:\d{1,9}\.)?(\d{1,15})$/.exec(text)?.[1]
  if (seq === undefined)
    throw invalid([{ path: 'Last-Event-ID', message: `"${text}" is not an id of these events: attempt.seq` }])
  return Number(seq)
}

/** A run's entries from a position on, as server-sent events; ends with the run. */
async function follow(
  run: string,
  after: number,
  user: string,
  request: Request,
  { runner, log, draining, onStream }: RunOptions,
  headers: Record<string, string> = {},
): Promise<Response> {
  const caller = { user, service: 'edge' }
  // Whether it is there and theirs is told by the status, before the stream begins.
  const { run: found } = await runner.getRun({ runId: run }, { caller })
  if (found && after > found.lastSeq)
    throw new CodedError('OUT_OF_RANGE', `the run has ${found.lastSeq} entries, not ${after}`)
  const signal = AbortSignal.any([request.signal, draining])
  const events = async function* () {
    for await (const { attempt, firstSeq, entries } of runner.watchRun({ runId: run, after }, { caller, signal }))
      yield entries.map((entry, index) => toEvent(attempt, firstSeq + index, entry)).join('')
  }
  return eventStream(events(), { log, signal, about: `entries of the run ${run}`, headers, onStream })
}

function toEvent(attempt: number, seq: number, entry: Uint8Array): string {
  const text = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).toString('utf8')
  const kind = /^\{"seq":\d+,"at":\d+,"kind":"([a-z.]+)"/.exec(text)?.[1] ?? 'entry'
  return `id: ${attempt}.${seq}\nevent: ${kind}\ndata: ${text}\n\n`
}
