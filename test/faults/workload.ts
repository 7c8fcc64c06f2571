// What people do meanwhile: they start runs, watch each other's, answer, pause, branch off and cancel; and try again what failed.
import type { RunHandle } from '#client/types.ts'
import type { Entry } from '#graph/journal.ts'
import { createPerson, openObserver } from './client.ts'
import type { Observer, Person } from './client.ts'
import type { Random } from './random.ts'
import { asking, counting, mixed, sending, ticking } from './spells.ts'

export interface Workload {
  readonly people: readonly Person[]
  readonly observers: readonly Observer[]
  /** Ids of the spells that count, by name. */
  readonly counters: readonly string[]
  /** How often what was done. */
  readonly done: ReadonlyMap<string, number>
  /** Takes no new work on; resolves when what was begun has ended, or cannot be known to have ended. */
  finish(): Promise<void>
  close(): void
}

export interface WorkloadOptions {
  readonly url: string
  readonly effectsUrl: string
  readonly random: Random
  readonly people: number
  /** How many things a person does at a time. */
  readonly atOnce: number
  /** How long after `finish` what was begun may take. */
  readonly settleMs: number
}

/** What one person has. */
interface Desk {
  readonly person: Person
  readonly starter: Observer
  /** Sees what the starter starts. */
  readonly watcher: Observer
  readonly spells: Readonly<Record<'mixed' | 'counting' | 'asking' | 'sending' | 'ticking', string>>
}

type Deed = (desk: Desk, parts: Parts) => Promise<void>
interface Parts {
  readonly random: Random
  /** No new work. */
  readonly closing: AbortSignal
  /** It is over. */
  readonly closed: AbortSignal
  did(what: string): void
}

export async function openWorkload(options: WorkloadOptions): Promise<Workload> {
  const { url, random, atOnce, settleMs } = options
  const done = new Map<string, number>()
  const [closing, closed] = [new AbortController(), new AbortController()]
  const desks = await Promise.all(Array.from({ length: options.people }, (_, index) => openDesk(options, index)))
  const observers = desks.flatMap(({ starter, watcher }) => [starter, watcher])
  const parts: Parts = {
    random,
    closing: closing.signal,
    closed: closed.signal,
    did: what => void done.set(what, (done.get(what) ?? 0) + 1),
  }
  const attending = Promise.all(desks.map(({ starter, person }) => attend(starter, person, closed.signal, parts)))
  const working = desks.flatMap(desk => Array.from({ length: atOnce }, () => work(desk, parts)))
  return {
    people: desks.map(({ person }) => person),
    observers,
    counters: desks.map(({ spells }) => spells.counting),
    done,
    async finish() {
      closing.abort()
      const late = AbortSignal.timeout(settleMs)
      await orLate(Promise.all(working), late)
      await Promise.all(desks.map(desk => sweep(desk, late)))
      // Who comes late must know all of it too.
      const [desk] = desks
      if (desk) observers.push(await watchAll(url, desk, late))
      const open = observers.flatMap(one => one.open().map(run => run.completed.catch(() => undefined)))
      await orLate(Promise.all(open), late)
      closed.abort()
      await attending
    },
    close() {
      for (const { client } of observers) client.close()
    },
  }
}

/** Waits, but not for ever. */
async function orLate(work: Promise<unknown>, late: AbortSignal): Promise<void> {
  const over = new Promise<void>(resolve => late.addEventListener('abort', () => resolve(), { once: true }))
  await Promise.race([work, over, ...(late.aborted ? [Promise.resolve()] : [])])
}

/** Ends what nobody follows: runs whose start was not confirmed. */
async function sweep({ person, starter, spells }: Desk, late: AbortSignal): Promise<void> {
  const followed = new Set(starter.open().map(({ run }) => run.id))
  for (const spell of Object.values(spells)) {
    const { runs } = await persist(() => person.rest.listRuns(spell, { pageSize: 100 }), late)
    const left = runs.filter(({ id, endedAt }) => endedAt === 0 && !followed.has(id))
    for (const { id } of left) await persist(() => person.rest.cancelRun(id), late)
  }
}

async function watchAll(url: string, { person, starter }: Desk, late: AbortSignal): Promise<Observer> {
  const observer = openObserver(url, person, `${person.name} comes late`)
  const runs = new Set(starter.history.events.flatMap(one => (one.kind === 'completed' ? [one.run] : [])))
  for (const run of [...runs].slice(-20)) observer.follow(await persist(() => observer.client.watchRun(run), late))
  return observer
}

async function openDesk({ url, effectsUrl }: WorkloadOptions, index: number): Promise<Desk> {
  const person = await createPerson(url, `person-${index}-${Math.random().toString(36).slice(2)}`)
  const make = async (document: Parameters<typeof person.rest.createSpell>[0]) =>
    (await person.rest.createSpell(document)).id
  const spells = {
    mixed: await make(mixed),
    counting: await make(counting),
    asking: await make(asking),
    sending: await make(sending(`${effectsUrl}/send`)),
    ticking: await make(ticking),
  }
  const starter = openObserver(url, person, `${person.name} starts`)
  const watcher = openObserver(url, person, `${person.name} watches`)
  await Promise.all(Object.values(spells).map(id => starter.client.openSpell(id)))
  return { person, starter, watcher, spells }
}

/** One thing after the other, until it is enough. */
async function work(desk: Desk, parts: Parts): Promise<void> {
  while (!parts.closing.aborted) {
    const deed = parts.random.pick<Deed>([runMixed, runMixed, runMixed, count, count, ask, send, tick, runAndCancel])
    try {
      await deed(desk, parts)
    } catch {
      // Refused, or its outcome is not known: that is no fault. Not at once again.
      parts.did('refused or unknown')
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}

async function begin({ starter, watcher }: Desk, spell: string, parts: Parts): Promise<RunHandle> {
  const run = await starter.client.startRun(spell, {}, { onDetach: 'finish' })
  starter.follow(run)
  starter.note({ kind: 'confirmed', run: run.run.id, command: 'start' })
  parts.did('started')
  void persist(async () => watcher.follow(await watcher.client.watchRun(run.run.id)), parts.closed).catch(
    () => undefined,
  )
  return run
}

/** Tries again until it succeeds or it is too late. */
async function persist<T>(work: () => Promise<T>, late: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (late.aborted) throw error
      await new Promise(resolve => setTimeout(resolve, 200))
    }
  }
}

const runMixed: Deed = async (desk, parts) => {
  const run = await begin(desk, desk.spells.mixed, parts)
  await run.completed
  parts.did('mixed')
  if (parts.random.below(4) > 0) return
  const seq = 1 + parts.random.below(run.entries.length - 1)
  const branch = await desk.starter.client.forkRun(run.run.id, { seq, options: { onDetach: 'finish' } })
  desk.starter.follow(branch)
  desk.starter.note({ kind: 'confirmed', run: branch.run.id, command: 'fork' })
  await branch.completed
  parts.did('forked')
}

const count: Deed = async (desk, parts) => {
  await (
    await begin(desk, desk.spells.counting, parts)
  ).completed
  parts.did('counted')
}

const ask: Deed = async (desk, parts) => {
  await (
    await begin(desk, desk.spells.asking, parts)
  ).completed
  parts.did('asked')
}

const send: Deed = async (desk, parts) => {
  await (
    await begin(desk, desk.spells.sending, parts)
  ).completed
  parts.did('sent')
}

const runAndCancel: Deed = async (desk, parts) => {
  const run = await begin(desk, desk.spells.mixed, parts)
  await reaches(run, 2 + parts.random.below(12))
  await stop(desk, run, parts)
  parts.did('cancelled')
}

/** Plays, pauses, goes on, and stops. */
const tick: Deed = async (desk, parts) => {
  const run = await begin(desk, desk.spells.ticking, parts)
  try {
    await reaches(run, 6)
    await run.pause()
    desk.starter.note({ kind: 'confirmed', run: run.run.id, command: 'pause' })
    await run.play()
    await reaches(run, run.entries.length + 6)
  } finally {
    await stop(desk, run, parts)
  }
  parts.did('ticked')
}

async function stop({ starter, person }: Desk, run: RunHandle, { closed }: Parts): Promise<void> {
  await persist(() => person.rest.cancelRun(run.run.id), closed)
  starter.note({ kind: 'confirmed', run: run.run.id, command: 'cancel' })
  await run.completed
}

/** Resolves when it has so many entries, or has ended. */
async function reaches(run: RunHandle, count: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const look = () => {
      if (run.entries.length >= count) resolve()
    }
    run.onEntries(look)
    look()
    run.completed.then(() => resolve(), reject)
  })
}

/** Answers what runs wait for, until all have ended: what a person is asked, and what to do about interrupted nodes. */
async function attend(observer: Observer, person: Person, closed: AbortSignal, { random, did }: Parts): Promise<void> {
  const answered = new Set<string>()
  while (!closed.aborted) {
    for (const run of observer.open()) {
      for (const { activation, reason } of waitsOf(run.entries)) {
        const key = `${run.run.id} ${activation}`
        if (answered.has(key)) continue
        const choice = reason === 'question' ? undefined : random.pick(['retry', 'fail'] as const)
        const answer = choice ? { activation, choice } : { activation, value: { text: 'well' } }
        try {
          await person.rest.answerRun(run.run.id, answer)
          answered.add(key)
          observer.note({ kind: 'confirmed', run: run.run.id, command: 'answer', activation })
          did(choice ?? 'answered')
        } catch {
          // Not now; or it has been answered, and that was not said.
        }
      }
    }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

function waitsOf(entries: readonly Entry[]): readonly Extract<Entry, { kind: 'run.waiting' }>[] {
  const waits = new Map<string, Extract<Entry, { kind: 'run.waiting' }>>()
  for (const entry of entries) {
    if (entry.kind === 'run.waiting') waits.set(entry.activation, entry)
    else if (entry.kind === 'run.answered') waits.delete(entry.activation)
  }
  return [...waits.values()]
}
