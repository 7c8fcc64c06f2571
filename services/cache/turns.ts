import { randomUUID } from 'node:crypto'
import { CodedError, unavailable } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { Changes } from './changes.ts'
import type { Claim, ClaimStore } from './store.ts'
import { toId } from './key.ts'
import type { Key } from './key.ts'
import type { Values } from './values.ts'

/** Who computes a value, among all who ask for it. */
export interface Turns {
  /**
   * Resolves with the value as soon as there is one, or with the turn to compute it, which is given to one caller at a time in the whole mesh, in the order of
   * their coming within a process.
   */
  take(key: Key, signal: AbortSignal): Promise<Uint8Array | Turn>
  /** Something happened to a key elsewhere. */
  woken(key: Key): void
  /** Something may have happened to any. */
  wokenAll(): void
  /** Sends away who waits here: the process is to end. */
  close(): void
  /** Says that this process still works on what it has claimed. */
  renew(): Promise<void>
}

/** The turn to compute a value. It must be ended by one of its functions; what comes later has no effect. */
export interface Turn {
  /** Here is the value: everybody who waits gets it. */
  done(value: Uint8Array): void
  /** There will be none from here: the next one is told. */
  pass(): void
}

export interface TurnsOptions {
  readonly values: Pick<Values, 'get'>
  readonly claims: ClaimStore
  readonly changes: Pick<Changes, 'tell'>
  readonly log: Log
}

/** Those in this process who want the same value: one leads, the others wait in order. */
interface Group {
  readonly claim: Claim
  readonly waiting: Set<PromiseWithResolvers<Uint8Array | 'lead'>>
  /** Whether the claim in the database is ours. */
  claimed: boolean
  /** Lets the leader look again, who waits for another process. */
  wake(): void
}

const LOOK_FIRST_MS = 25
const LOOK_MOST_MS = 1_000

export function createTurns(options: TurnsOptions): Turns {
  const groups = createGroups(options)
  let isOpen = true

  async function lead(group: Group, signal: AbortSignal): Promise<Uint8Array | Turn> {
    let value: Uint8Array | undefined
    try {
      value = await look(group, signal, options)
    } catch (error) {
      if (signal.aborted) groups.pass(group)
      else groups.refuse(group, error)
      throw error
    }
    if (!value) return toTurn(group, groups)
    groups.settle(group, value)
    return value
  }

  return {
    async take(key, signal) {
      signal.throwIfAborted()
      if (!isOpen) throw leaving()
      const found = groups.find(key)
      if (!found) return lead(groups.open(key), signal)
      const told = await waitIn(found, signal)
      return told === 'lead' ? lead(found, signal) : told
    },
    woken: key => groups.find(key)?.wake(),
    wokenAll() {
      for (const group of groups.all()) group.wake()
    },
    close() {
      isOpen = false
      for (const { waiting } of groups.all()) {
        for (const one of waiting) one.reject(leaving())
        waiting.clear()
      }
    },
    async renew() {
      const held = [...groups.all()].filter(({ claimed }) => claimed)
      if (held.length > 0) await options.claims.renew(held.map(({ claim }) => claim))
    },
  }
}

type Groups = ReturnType<typeof createGroups>

/** The groups of this process, and the ways in which one's lead ends. */
function createGroups({ claims, changes, log }: TurnsOptions) {
  const groups = new Map<string, Group>()

  function dissolve(group: Group): void {
    const id = toId(group.claim)
    groups.delete(id)
    if (!group.claimed) return
    group.claimed = false
    claims.release(group.claim).then(
      () => {
        changes.tell({ kind: 'left', ...group.claim, grownBy: 0 })
        groups.get(id)?.wake()
      },
      (error: unknown) => log.warn({ error }, 'a claim to compute is not released: it runs out'),
    )
  }

  return {
    all: () => groups.values(),
    find: (key: Key) => groups.get(toId(key)),
    open({ owner, namespace, key }: Key): Group {
      const claim = { owner, namespace, key, claim: randomUUID() }
      const group: Group = { claim, waiting: new Set(), claimed: false, wake() {} }
      groups.set(toId(claim), group)
      return group
    },
    /** All have the value. */
    settle(group: Group, value: Uint8Array): void {
      dissolve(group)
      for (const one of group.waiting) one.resolve(value)
    },
    /** The next one leads; a claim that we have stays ours. */
    pass(group: Group): void {
      const [next] = group.waiting
      if (!next) return dissolve(group)
      group.waiting.delete(next)
      next.resolve('lead')
    },
    /** Nobody can be told anything. */
    refuse(group: Group, error: unknown): void {
      dissolve(group)
      for (const one of group.waiting) one.reject(error)
    },
  }
}

function toTurn(group: Group, { settle, pass }: Groups): Turn {
  let isOver = false
  const once = (end: () => void) => {
    if (isOver) return
    isOver = true
    end()
  }
  return { done: value => once(() => settle(group, value)), pass: () => once(() => pass(group)) }
}

const leaving = (): CodedError => unavailable('this cache is about to end: ask again')

/** Resolves with what the leader found, or with the lead. */
async function waitIn({ waiting }: Group, signal: AbortSignal): Promise<Uint8Array | 'lead'> {
  const place = Promise.withResolvers<Uint8Array | 'lead'>()
  const leave = () => {
    // Who has been told already gets to know that by itself.
    if (waiting.delete(place)) place.reject(signal.reason)
  }
  waiting.add(place)
  signal.addEventListener('abort', leave)
  try {
    return await place.promise
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

/** Resolves with the value, or with nothing when the claim is ours. */
async function look(
  group: Group,
  signal: AbortSignal,
  { claims, values }: TurnsOptions,
): Promise<Uint8Array | undefined> {
  for (let waitMs = LOOK_FIRST_MS; ; waitMs = Math.min(LOOK_MOST_MS, waitMs * 2)) {
    // Before it is looked at: what happens meanwhile is not missed.
    const woken = new Promise<void>(resolve => {
      group.wake = resolve
    })
    if (!group.claimed) group.claimed = await claims.take(group.claim)
    // Also when it is ours: who had it before may have left the value.
    const held = await values.get(group.claim)
    signal.throwIfAborted()
    if (held) return held.value
    if (group.claimed) return undefined
    await atMost(woken, waitMs * (0.5 + Math.random()), signal)
  }
}

/** Resolves with it, after that time, or rejects when the signal aborts. */
async function atMost(woken: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const ended = Promise.withResolvers<void>()
  const onAbort = () => ended.reject(signal.reason)
  const timer = setTimeout(() => ended.resolve(), ms)
  signal.addEventListener('abort', onAbort)
  try {
    await Promise.race([woken, ended.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}
