// What must hold whatever breaks. Each check answers what is wrong; nothing: it holds.
import { createDigest } from '#graph/digest.ts'
import type { Entry } from '#graph/journal.ts'
import { isTerminal } from '#graph/journal.ts'
import type { ClientHistory, Effect, History, StoredRun } from './history.ts'
import { finalSample } from './history.ts'

export type Check = (history: History) => readonly string[]

/** An application is told of each entry once, in order, without gaps. */
export const toldInOrder: Check = ({ clients }) =>
  clients.flatMap(({ client, events }) => {
    const last = new Map<string, number>()
    return events.flatMap(event => {
      if (event.kind !== 'told') return []
      const before = last.get(event.run) ?? 0
      last.set(event.run, event.seq)
      return event.seq === before + 1 ? [] : [`${client} was told of ${event.run} ${event.seq} after ${before}`]
    })
  })

/** On one connection entries of a run follow each other, until it is told to take the run anew. */
export const sentInOrder: Check = ({ clients }) =>
  clients.flatMap(({ client, events }) => {
    const last = new Map<string, number>()
    const told = new Map<string, number>()
    return events.flatMap(event => {
      if (event.kind === 'told') told.set(event.run, Math.max(event.seq, told.get(event.run) ?? 0))
      if (event.kind === 'anew') last.delete(`${event.connection} ${event.run}`)
      if (event.kind !== 'frame') return []
      const { connection, run, seq } = event
      const before = last.get(`${connection} ${run}`)
      last.set(`${connection} ${run}`, seq)
      if (before === undefined)
        return seq <= (told.get(run) ?? 0) + 1
          ? []
          : [`${client}, connection ${connection}: ${run} began at ${seq}, and the client had ${told.get(run) ?? 0}`]
      return seq === before + 1 ? [] : [`${client}, connection ${connection}: ${run} ${seq} was sent after ${before}`]
    })
  })

/** On one connection the attempt of a run never goes back. */
export const attemptsGoOn: Check = ({ clients }) =>
  clients.flatMap(({ client, events }) => {
    const highest = new Map<string, number>()
    return events.flatMap(event => {
      if (event.kind !== 'frame') return []
      const key = `${event.connection} ${event.run}`
      const before = highest.get(key) ?? 0
      highest.set(key, Math.max(before, event.attempt))
      return event.attempt >= before
        ? []
        : [`${client}: ${event.run} ${event.seq} came with attempt ${event.attempt} after ${before}`]
    })
  })

/** `completed` comes after everything it summarises, with the digest of that, and nothing comes after it. */
export const completedLast: Check = ({ clients }) => clients.flatMap(completedLastOf)

function completedLastOf({ client, events }: ClientHistory): string[] {
  const texts = new Map<string, string[]>()
  const completed = new Set<string>()
  return events.flatMap(event => {
    if (event.kind === 'told') {
      texts.set(event.run, [...(texts.get(event.run) ?? []), event.text])
      return completed.has(event.run) ? [`${client} was told of ${event.run} ${event.seq} after its end`] : []
    }
    if (event.kind !== 'completed') return []
    const { run, lastSeq, digest } = event
    const known = texts.get(run) ?? []
    const again = completed.has(run) ? [`${client} was told twice that ${run} has ended`] : []
    completed.add(run)
    if (known.length !== lastSeq)
      return [...again, `${client}: ${run} ended at ${lastSeq}, and ${known.length} entries had been told`]
    const found = digestOf(known)
    return found === digest
      ? again
      : [...again, `${client}: ${run} ended with ${digest}, and its entries give ${found}`]
  })
}

/** The digest as docs/protocol.md has it: the last entry without its own. */
export function digestOf(texts: readonly string[]): string {
  const digest = createDigest()
  for (const text of texts.slice(0, -1)) digest.add(text)
  const last = JSON.parse(texts.at(-1) ?? '{}') as Record<string, unknown>
  delete last['digest']
  digest.add(JSON.stringify(last))
  return digest.hex()
}

/** What was seen, on the wire or by the application, is in the database as it was seen. */
export const seenIsStored: Check = history => {
  const { runs } = finalSample(history)
  return history.clients.flatMap(({ client, events }) =>
    events.flatMap(event => {
      if ((event.kind !== 'told' && event.kind !== 'frame') || event.text === undefined) return []
      const stored = runs.get(event.run)?.texts[event.seq - 1]
      if (stored === event.text) return []
      return [`${client} saw ${event.run} ${event.seq} as ${event.text}; stored is ${stored ?? 'nothing'}`]
    }),
  )
}

/** Nobody sees a run of somebody else. */
export const ownRunsOnly: Check = history => {
  const { runs } = finalSample(history)
  return history.clients.flatMap(({ client, user, events }) => {
    const id = history.users.get(user)
    const seen = new Set(events.flatMap(event => ('run' in event ? [event.run] : [])))
    return [...seen].flatMap(run => {
      const owner = runs.get(run)?.owner
      return owner === undefined || owner === id ? [] : [`${client} of ${user} saw ${run}, which is of ${owner}`]
    })
  })
}

/** What is committed stays as it is: entries, the attempt, the end. */
export const nothingRewritten: Check = ({ samples }) =>
  samples.flatMap(({ runs }, index) => {
    const next = samples[index + 1]?.runs
    if (!next) return []
    return [...runs.values()].flatMap(before => {
      const after = next.get(before.id)
      return after ? rewritten(before, after) : [`${before.id} is gone from the database`]
    })
  })

function rewritten(before: StoredRun, after: StoredRun): string[] {
  const changed = before.texts.findIndex((text, index) => after.texts[index] !== text)
  return [
    ...(changed < 0
      ? []
      : [`${before.id} ${changed + 1} was ${before.texts[changed]}, and became ${after.texts[changed]}`]),
    ...(after.attempt >= before.attempt
      ? []
      : [`${before.id} went from attempt ${before.attempt} to ${after.attempt}`]),
    ...(!before.ended || (after.ended && after.lastSeq === before.lastSeq)
      ? []
      : [`${before.id} went on after its end`]),
  ]
}

/** Each stored journal is whole: gapless, as long as its run says, its end last, its digest right. */
export const storedWhole: Check = history =>
  [...finalSample(history).runs.values()].flatMap(({ id, texts, lastSeq, ended, digest }) => {
    const entries = texts.map(text => JSON.parse(text) as Entry)
    const gap = entries.findIndex(({ seq }, index) => seq !== index + 1)
    const early = entries.slice(0, -1).find(isTerminal)
    const last = entries.at(-1)
    return [
      ...(gap < 0 ? [] : [`${id}: entry ${gap + 1} is stored as number ${entries[gap]?.seq}`]),
      ...(texts.length === lastSeq ? [] : [`${id}: ${texts.length} entries are stored, and the run says ${lastSeq}`]),
      ...(early ? [`${id}: ${early.kind} is number ${early.seq} of ${texts.length}`] : []),
      ...(ended === (last !== undefined && isTerminal(last)) ? [] : [`${id}: whether it has ended differs`]),
      ...(!ended || digest === digestOf(texts)
        ? []
        : [`${id}: its digest is ${digest}, and its entries give ${digestOf(texts)}`]),
    ]
  })

/** A node whose end is committed does not begin again, and ends once. */
export const endsOnce: Check = history =>
  [...finalSample(history).runs.values()].flatMap(({ id, texts }) => {
    const ended = new Map<string, number>()
    return texts.flatMap(text => {
      const entry = JSON.parse(text) as Entry
      if (entry.kind !== 'node.started' && entry.kind !== 'node.ended') return []
      const before = ended.get(entry.activation)
      if (entry.kind === 'node.ended') ended.set(entry.activation, entry.seq)
      return before === undefined
        ? []
        : [`${id}: ${entry.kind} ${entry.seq} of ${entry.node}, which had ended at ${before}`]
    })
  })

/** One key stands for one request; one effect for each key, unless a person chose to repeat it. */
export const effectsOnce: Check = history => {
  const byKey = Map.groupBy(history.effects, ({ key }) => key)
  return [...byKey].flatMap(([key, effects]) => {
    const requests = new Set(effects.map(({ request }) => request))
    const most = 1 + retriesOf(history, key)
    const count = effects.filter(countsAsDone).length
    return [
      ...(requests.size === 1 ? [] : [`the key ${key} stood for ${[...requests].join(' and ')}`]),
      ...(count <= most ? [] : [`${effects[0]?.kind} ${key} happened ${count} times; at most ${most}`]),
    ]
  })
}

/** What is sent has happened when it arrives; an answer of a model when it was handed over. */
function countsAsDone({ kind, answered }: Effect): boolean {
  return kind === 'send' || answered
}

function retriesOf(history: History, key: string): number {
  const [run = '', activation] = key.split(':')
  const texts = finalSample(history).runs.get(run)?.texts ?? []
  return texts.filter(text => {
    const entry = JSON.parse(text) as Entry
    return entry.kind === 'run.answered' && entry.choice === 'retry' && entry.activation === activation
  }).length
}

const LONGEST_ORPHAN_MS = 20_000

/** No run is `running` without a lease for 20 s. */
export const nobodyForgotten: Check = ({ samples }) => {
  const since = new Map<string, number>()
  const told = new Set<string>()
  return samples.flatMap(({ at, orphans }) => {
    for (const run of since.keys()) if (!orphans.includes(run)) since.delete(run)
    return orphans.flatMap(run => {
      const begun = since.get(run) ?? at
      since.set(run, begun)
      if (at - begun <= LONGEST_ORPHAN_MS || told.has(run)) return []
      told.add(run)
      return [`${run} was running without a lease for ${at - begun} ms`]
    })
  })
}

/** What was confirmed is in the journal. */
export const confirmedIsStored: Check = history => {
  const { runs } = finalSample(history)
  return history.clients.flatMap(({ client, events }) =>
    events.flatMap(event => {
      if (event.kind !== 'confirmed') return []
      const entries = (runs.get(event.run)?.texts ?? []).map(text => JSON.parse(text) as Entry)
      return entries.some(entry => isOf(event, entry)) || (event.command !== 'answer' && endedBefore(event, entries))
        ? []
        : [`${client}: ${event.command} of ${event.run} was confirmed and is not in its journal`]
    }),
  )
}

type Confirmed = Extract<ClientHistory['events'][number], { kind: 'confirmed' }>

function isOf({ command, activation }: Confirmed, entry: Entry): boolean {
  switch (command) {
    case 'start':
    case 'fork':
      return entry.kind === 'run.started'
    case 'pause':
      return entry.kind === 'run.paused'
    case 'cancel':
      return isTerminal(entry)
    case 'answer':
      return entry.kind === 'run.answered' && entry.activation === activation
  }
}

/** A run that ended by itself meanwhile need not be paused. */
function endedBefore({ command }: Confirmed, entries: readonly Entry[]): boolean {
  const last = entries.at(-1)
  return command === 'pause' && last !== undefined && isTerminal(last)
}

/** In the end every run has ended, and whoever watched it knows. */
export const allEnded: Check = history => {
  const { runs } = finalSample(history)
  const open = [...runs.values()].filter(({ ended }) => !ended)
  return [
    ...open.map(({ id, status, attempt, lastSeq }) => `${id} is ${status} at ${lastSeq}, attempt ${attempt}`),
    ...history.clients.flatMap(({ client, events }) => {
      const watched = new Set(events.flatMap(event => (event.kind === 'told' ? [event.run] : [])))
      const known = new Set(events.flatMap(event => (event.kind === 'completed' ? [event.run] : [])))
      return [...watched].filter(run => !known.has(run)).map(run => `${client} does not know the end of ${run}`)
    }),
  ]
}

/** Runs that add one to a spell's counter add up. */
export const countersAddUp: Check = ({ counters }) =>
  [...counters].flatMap(([spell, { expected, found }]) =>
    found === expected ? [] : [`${spell}: ${expected} completed runs added one each, and the state is ${found}`],
  )

/** No process said that something was not caught, or that it is at fault itself. */
export const nobodyBroke: Check = ({ said }) =>
  said
    .filter(({ line }) =>
      /unhandled|uncaught|"level":"(error|fatal)"|^\s+at .*(mesh|edge|services|graph)\//i.test(line),
    )
    .map(({ process, line }) => `${process}: ${line}`)

/** All of them, by what they say. */
export const CHECKS: ReadonlyMap<string, Check> = new Map([
  ['told in order, once, without gaps', toldInOrder],
  ['sent in order on each connection', sentInOrder],
  ['attempts never go back', attemptsGoOn],
  ['completed after everything, with its digest', completedLast],
  ['what was seen is stored', seenIsStored],
  ['own runs only', ownRunsOnly],
  ['nothing committed changes', nothingRewritten],
  ['journals are whole', storedWhole],
  ['nodes end once', endsOnce],
  ['one effect for each key', effectsOnce],
  ['nobody runs without a lease for 20 s', nobodyForgotten],
  ['what was confirmed is stored', confirmedIsStored],
  ['all runs ended, and all watchers know', allEnded],
  ['counters add up', countersAddUp],
  ['no process broke', nobodyBroke],
])

/** Everything that is wrong, each with the check that says so. */
export function checkHistory(history: History): readonly string[] {
  return [...CHECKS].flatMap(([name, check]) => check(history).map(problem => `${name}: ${problem}`))
}
