import type { Subscription } from '#mesh/bus.ts'
import { isToken } from '#mesh/bus.ts'
import { CodedError, exhausted, notFound } from '#mesh/errors.ts'
import { newId } from '#mesh/ids.ts'
import type { JoinedRun, JoinedSpell, JoinSessionResponse, Run } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { askRun } from './ask.ts'
import type { EntryBatch } from './feed.ts'
import type { Shape } from './params.ts'
import type { CallName, Calls, Position } from './protocol.ts'
import { notificationText, toRpcError } from './rpc.ts'
import { createRecords, ROOM_BYTES } from './records.ts'
import type { Records } from './records.ts'
import type { Answer, Session } from './session.ts'
import type { SessionParts } from './sessions.ts'
import { SpellManager, toError } from './spell-manager.ts'
import { toBytes, toStart } from './start.ts'
import { PAGE, readPage, Watch } from './watch.ts'
import type { JournalPage } from './watch.ts'

/** What each method takes. */
export const SHAPES: Readonly<Record<CallName, Shape>> = {
  'session.connect': {
    'ticket?': 'text',
    'token?': 'text',
    'client?': 'any',
    'resume?': 'positions',
    'open?': 'texts',
  },
  'session.ping': {},
  'session.refresh': { 'ticket?': 'text', 'token?': 'text' },
  'spell.open': { spell: 'text', 'revision?': 'number' },
  'spell.edit': { spell: 'text', draft: 'draft' },
  'spell.close': { spell: 'text' },
  'run.start': { spell: 'text', 'inputs?': 'any', 'options?': 'object' },
  'run.fork': { run: 'text', 'seq?': 'number', 'from?': 'text', 'options?': 'object' },
  'run.pause': { run: 'text' },
  'run.play': { run: 'text', 'step?': 'flag', 'breakpoints?': 'texts' },
  'run.answer': { run: 'text', activation: 'text', 'choice?': 'text', 'value?': 'any', 'outputs?': 'object' },
  'run.send': { run: 'text', name: 'text', message: 'any' },
  'run.cancel': { run: 'text' },
  'run.watch': { run: 'text', 'after?': 'number' },
  'run.unwatch': { run: 'text' },
  'run.ack': { run: 'text', seq: 'number' },
}

/** What is left to call when the session is connected; who it is, it settles itself. */
type SessionCall = Exclude<CallName, 'session.connect' | 'session.refresh'>

/** The methods of a connected session. */
export interface Methods {
  connected(open: readonly string[], resume: readonly Position[]): Promise<Answer>
  call(method: SessionCall, params: object): Promise<Answer>
  drained(): void
  resyncAll(reason: string): void
  close(): void
}

/** A run that is listened to already, and what begins to send it. */
interface Held {
  readonly spell: string
  begin(page?: JournalPage): void
}

const NOTHING: Answer = { text: '{}' }
const MOST_WATCHED = 256
const MOST_OWN = 1_000

export function createMethods(session: Session, parts: SessionParts): Methods {
  return new ConnectedSession(session, parts)
}

class ConnectedSession implements Methods {
  readonly #session: Session
  readonly #parts: SessionParts
  readonly #manager: SpellManager
  readonly #records: Records
  readonly #watches = new Map<
    string,
    { readonly watch: Watch; readonly spell: string; readonly following: Subscription }
  >()
  readonly #listening = new Map<string, Subscription>()
  /** Runs that this session is starting, until they are heard of. */
  readonly #own = new Set<string>()
  #closed = false

  constructor(session: Session, parts: SessionParts) {
    this.#session = session
    this.#parts = parts
    const { log, tracer, settings } = parts
    this.#records = createRecords(parts)
    this.#manager = new SpellManager(
      parts.runners,
      { user: session.user, session: session.id },
      { log, tracer, restMs: settings.SESSION_REST_MS },
    )
  }

  async connected(open: readonly string[], resume: readonly Position[]): Promise<Answer> {
    const held = resume.map(position => this.#hold(position))
    for (const spell of open) if (isToken(spell)) this.#listen(spell)
    await this.#parts.channels.settled()
    const joined = await this.#join(open, resume)
    const opened = this.#adopt(open, joined.spells)
    const resumed = resume.map((position, index) => this.#resume(position, held[index], joined.runs[index]))
    const {
      FRAME_BYTES: frameBytes,
      COMMANDS_PER_SECOND: commandsPerSecond,
      OPEN_SPELLS: openSpells,
    } = this.#parts.settings
    const limits = JSON.stringify({ frameBytes, commandsPerSecond, openSpells, ackEntries: 64, ackMs: 1000 })
    return {
      text: `{"session":"${this.#session.id}","user":"${this.#session.user}","opened":[${opened.join(',')}],"resumed":[${resumed.map(({ text }) => text).join(',')}],"limits":${limits}}`,
      begin: () => resumed.forEach(one => one.begin()),
    }
  }

  /** All that the client asks for to begin with, in one call. */
  async #join(open: readonly string[], resume: readonly Position[]): Promise<JoinSessionResponse> {
    if (open.length + resume.length === 0) return { spells: [], runs: [] }
    return this.#parts.runners.client.joinSession(
      {
        spells: open.slice(0, this.#parts.settings.OPEN_SPELLS).map(spellId => ({ spellId })),
        runs: resume.map(({ run, seq }) => ({ runId: run, after: Math.max(0, seq), limit: PAGE })),
      },
      { caller: this.#caller },
    )
  }

  /** The answers to `open`, in order. */
  #adopt(open: readonly string[], joined: readonly JoinedSpell[]): readonly string[] {
    const { FRAME_BYTES, OPEN_SPELLS } = this.#parts.settings
    let room = FRAME_BYTES - ROOM_BYTES
    return open.map((spell, index) => {
      const outcome = joined[index]?.outcome
      let text: string
      if (outcome?.$case === 'opened') {
        this.#manager.adopt(spell, 0)
        text = this.#records.opened(outcome.value, room)
      } else {
        this.#release(spell)
        const error = outcome
          ? toError(outcome.value)
          : exhausted(`${OPEN_SPELLS} spells are open in this session: close one first`)
        text = JSON.stringify({ spell, error: toRpcError(error) })
      }
      room -= text.length
      return text
    })
  }

  /** Holds what comes of a run whose spell the client names, until it is known where the run stands. */
  #hold({ run, seq, spell }: Position): Held | undefined {
    if (spell === undefined || !isToken(spell) || !isToken(run) || seq < 0 || this.#watches.size >= MOST_WATCHED)
      return undefined
    return { spell, begin: this.#attach(run, spell, seq) }
  }

  /** The answer to one of `resume`. */
  #resume(
    { run, seq }: Position,
    held: Held | undefined,
    joined: JoinedRun | undefined,
  ): { text: string; begin: () => void } {
    try {
      if (joined?.outcome?.$case !== 'page')
        throw joined?.outcome ? toError(joined.outcome.value) : notFound(`there is no run "${run}"`)
      const page = readPage(joined.outcome.value)
      mustHave(seq, page.lastSeq)
      const text = JSON.stringify({ run, lastSeq: page.lastSeq, ended: page.ended })
      if (held && held.spell === joined.spellId) return { text, begin: () => held.begin(page) }
      // What came meanwhile was not held: the journal is read once more.
      return { text, begin: this.#attach(run, joined.spellId, seq) }
    } catch (error) {
      if (held) this.#unwatch(run)
      return { text: JSON.stringify({ run, error: toRpcError(error) }), begin: () => {} }
    }
  }

  async call(method: SessionCall, params: object): Promise<Answer> {
    switch (method) {
      case 'session.ping':
        return NOTHING
      case 'spell.open': {
        const { spell, revision = 0 } = params as Calls['spell.open']['params']
        return { text: await this.#open(spell, revision, this.#parts.settings.FRAME_BYTES - ROOM_BYTES) }
      }
      case 'spell.edit': {
        const { spell, draft } = params as Calls['spell.edit']['params']
        this.#mustBeOpen(spell)
        const { problems } = await this.#manager.edit(
          spell,
          draft === null ? new Uint8Array() : Buffer.from(JSON.stringify(draft)),
        )
        return { text: `{"problems":${Buffer.from(problems).toString() || '[]'}}` }
      }
      case 'spell.close': {
        const { spell } = params as Calls['spell.close']['params']
        this.#mustBeOpen(spell)
        await this.#manager.closeSpell(spell)
        this.#release(spell)
        return NOTHING
      }
      case 'run.start':
        return this.#start(params as Calls['run.start']['params'])
      case 'run.fork':
        return this.#fork(params as Calls['run.fork']['params'])
      case 'run.pause':
      case 'run.play':
      case 'run.answer':
      case 'run.send':
      case 'run.cancel':
        await askRun(this.#parts.runners.client, this.#caller, method, params)
        return NOTHING
      case 'run.watch':
        return this.#watch(params as Calls['run.watch']['params'])
      case 'run.unwatch':
        this.#unwatch((params as Calls['run.unwatch']['params']).run)
        return NOTHING
      case 'run.ack': {
        const { run, seq } = params as Calls['run.ack']['params']
        this.#watches.get(run)?.watch.ack(seq)
        return NOTHING
      }
    }
  }

  drained(): void {
    for (const { watch } of this.#watches.values()) watch.drained()
  }

  resyncAll(reason: string): void {
    for (const { watch } of [...this.#watches.values()]) watch.resync(reason)
  }

  close(): void {
    this.#closed = true
    this.#manager.close()
    for (const run of [...this.#watches.keys()]) this.#unwatch(run)
    for (const subscription of this.#listening.values()) subscription.unsubscribe()
    this.#listening.clear()
  }

  get #caller() {
    return { user: this.#session.user, service: 'edge' }
  }

  #mustBeOpen(spell: string): void {
    if (!this.#manager.has(spell)) throw notFound(`the spell "${spell}" is not open in this session`)
  }

  async #open(spell: string, revision: number, room: number): Promise<string> {
    const { OPEN_SPELLS } = this.#parts.settings
    if (!this.#manager.has(spell) && this.#manager.size >= OPEN_SPELLS)
      throw exhausted(`${OPEN_SPELLS} spells are open in this session: close one first`)
    const opened = await this.#manager.open(spell, revision)
    this.#listen(spell)
    return this.#records.opened(opened, room)
  }

  async #start({ spell, inputs = {}, options = {} }: Calls['run.start']['params']): Promise<Answer> {
    const wasOpen = this.#manager.has(spell)
    if (!wasOpen) await this.#open(spell, 0, 0)
    const { run, ignoredPins } = await this.#begin({ ...toStart(options), spellId: spell, inputs: toBytes(inputs) })
    const begin = this.#attach(run.id, spell, 0, wasOpen)
    return { text: `{"run":${this.#records.run(run)},"ignoredPins":${JSON.stringify(ignoredPins)}}`, begin }
  }

  async #begin(value: Parameters<SpellManager['start']>[1]) {
    const id = newId('r')
    if (this.#own.size > MOST_OWN) this.#own.clear()
    this.#own.add(id)
    try {
      const { run, ...rest } = await this.#manager.start(id, value)
      if (!run) throw new Error('the runner started a run and did not tell which')
      return { run, ...rest }
    } catch (error) {
      this.#own.delete(id)
      throw error
    }
  }

  async #fork({ run: base, seq = 0, from = '', options = {} }: Calls['run.fork']['params']): Promise<Answer> {
    const { spellId } = await this.#find(base, 0)
    const wasOpen = this.#manager.has(spellId)
    if (!wasOpen) await this.#open(spellId, 0, 0)
    const fork = { runId: base, seq, from }
    const { run, ignoredPins, how } = await this.#begin({ ...toStart(options), spellId, fork })
    const begin = this.#attach(run.id, spellId, 0, wasOpen)
    return {
      text: `{"run":${this.#records.run(run)},"ignoredPins":${JSON.stringify(ignoredPins)},"how":"${how}"}`,
      begin,
    }
  }

  async #watch({ run: id, after = 0 }: Calls['run.watch']['params']): Promise<Answer> {
    const run = await this.#find(id, after)
    const begin = this.#attach(id, run.spellId, after)
    await this.#parts.channels.settled()
    return { text: `{"run":${this.#records.run(run)}}`, begin }
  }

  /** The run, if it is this user's and has such a position. */
  async #find(id: string, seq: number): Promise<Run> {
    const { run } = await this.#parts.runners.client.getRun({ runId: id }, { caller: this.#caller })
    if (!run) throw notFound(`there is no run "${id}"`)
    mustHave(seq, run.lastSeq)
    return run
  }

  /** Holds what comes from now on; the returned function begins to send. `isNew`: the run began while its spell was listened to. */
  #attach(run: string, spell: string, after: number, isNew = false): (page?: JournalPage) => void {
    this.#unwatch(run)
    if (this.#watches.size >= MOST_WATCHED)
      throw exhausted(`${MOST_WATCHED} runs are watched in this session: let go of one first`)
    const { runners, readings, settings, metrics, log, channels } = this.#parts
    const watch = new Watch(after, {
      run,
      user: this.#session.user,
      socket: this.#session.socket,
      runner: runners.client,
      gate: readings,
      frameBytes: settings.FRAME_BYTES,
      onDelivered: count => metrics.delivered.add(count),
      onLag: () => metrics.lagged.add(),
      onResync: () => metrics.resyncs.add(),
      onEnd: hasEnded => {
        if (hasEnded) this.#manager.forget(run)
        this.#unwatch(run)
      },
      onError: error => log.warn({ error, run }, 'the journal of a watched run cannot be read'),
    })
    const following = channels.follow(this.#session.user, spell, run, watch)
    watch.follow(following.feed)
    this.#watches.set(run, { watch, spell, following })
    for (const params of channels.firstChunks(this.#session.user, spell, run)) watch.chunk(params)
    this.#listen(spell)
    return page => {
      if (watch.over) return
      if (page) return void watch.catchUp(page)
      const recent = channels.recent(this.#session.user, spell, run)
      if (recent && recent.texts.length >= after) watch.beginWith(recent.attempt, recent.texts)
      else if (isNew) watch.expect()
      else void watch.catchUp()
    }
  }

  #unwatch(run: string): void {
    const known = this.#watches.get(run)
    if (!known) return
    this.#watches.delete(run)
    known.watch.close()
    known.following.unsubscribe()
    this.#release(known.spell)
  }

  #listen(spell: string): void {
    if (this.#listening.has(spell) || this.#closed) return
    const subscription = this.#parts.channels.listen(this.#session.user, spell, {
      began: batch => this.#began(batch, spell),
      changed: params => {
        if (this.#manager.has(spell)) this.#session.socket.send(notificationText('spell.changed', params))
      },
    })
    this.#listening.set(spell, subscription)
  }

  /** A run of an open spell that began elsewhere. */
  #began({ run, attempt, texts }: EntryBatch, spell: string): void {
    if (this.#own.delete(run) || this.#watches.has(run) || !this.#manager.has(spell)) return
    this.#session.notify('run.head', { run, spell, attempt, seq: texts.length })
  }

  /** Listens no more to a spell that is neither open nor of a watched run. */
  #release(spell: string): void {
    if (this.#manager.has(spell) || [...this.#watches.values()].some(one => one.spell === spell)) return
    this.#listening.get(spell)?.unsubscribe()
    this.#listening.delete(spell)
  }
}

/** Throws OUT_OF_RANGE where a run has no such position. */
function mustHave(seq: number, lastSeq: number): void {
  if (seq < 0 || seq > lastSeq) throw new CodedError('OUT_OF_RANGE', `the run has entries 1 to ${lastSeq}, not ${seq}`)
}
