import { digestOfEntries } from '#graph/digest.ts'
import type { SpellDocument, Problem } from '#graph/document.ts'
import { hashString, toHex } from '#graph/hash.ts'
import type { Entry } from '#graph/journal.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { checkLimits } from '#graph/parse.ts'
import { ImportError } from '../importer.ts'
import { convertProject } from './convert.ts'
import type { ConvertedSpell } from './convert.ts'

/** A run of Rivet as a recording of ours, `run/1`. It can be looked at; what a replay of the imported spell would do differs in its steps. */
export interface ConvertedRecording {
  readonly format: 'run/1'
  readonly spell: SpellDocument
  readonly library: Readonly<Record<string, SpellDocument>>
  readonly inputs: JsonObject
  readonly state: JsonObject
  readonly entries: readonly Entry[]
}

interface RivetEvent {
  readonly type: string
  readonly at: number
  readonly data: JsonObject
}

/**
 * Turns a `.rivet-recording`, parsed, and the project that it was made with into a recording of ours and notes on what it lacks. Throws an
 * {@link ImportError} with everything that is wrong with either.
 */
export function convertRecording(
  recording: unknown,
  project: unknown,
): { readonly recording: ConvertedRecording; readonly notes: readonly string[] } {
  const { id, events } = readEvents(recording)
  const spells = convertProject(project)
  const [main, ...others] = startedWith(events, spells)
  const inputs = plainOf(events.find(({ type }) => type === 'start')?.data['inputs'])
  const writer = new JournalWriter(id, inputs, [main, ...others])
  for (const event of events) writer.take(event)
  const entries = writer.end()
  return {
    recording: {
      format: 'run/1',
      spell: main.document,
      library: Object.fromEntries(others.map(({ document }) => [document.name, document])),
      inputs,
      state: {},
      entries,
    },
    notes: writer.notes,
  }
}

function readEvents(recording: unknown): { id: string; events: readonly RivetEvent[] } {
  const limits = checkLimits(recording)
  if (limits.length > 0) throw new ImportError(limits)
  const inner = isObject(recording) && recording['version'] === 1 ? recording['recording'] : undefined
  if (!isObject(inner) || !Array.isArray(inner['events']))
    throw new ImportError([{ path: 'recording', message: 'expected {version: 1, recording: {events}}' }])
  const problems: Problem[] = []
  const events = (inner['events'] as readonly Json[]).flatMap((event, index): RivetEvent[] => {
    const { type, ts, data } = isObject(event) ? event : {}
    if (typeof type === 'string' && typeof ts === 'number') return [{ type, at: ts, data: isObject(data) ? data : {} }]
    problems.push({ path: `recording.events[${index}]`, message: 'expected {type, data, ts}' })
    return []
  })
  if (problems.length > 0) throw new ImportError(problems.slice(0, 100))
  if (events.length === 0) throw new ImportError([{ path: 'recording.events', message: 'expected at least one' }])
  const { recordingId } = inner
  return { id: typeof recordingId === 'string' ? recordingId : 'recording', events }
}

/** The graph that was run may be another than the project's main one. */
function startedWith(
  events: readonly RivetEvent[],
  spells: readonly [ConvertedSpell, ...ConvertedSpell[]],
): readonly [ConvertedSpell, ...ConvertedSpell[]] {
  const start = events.find(({ type }) => type === 'start')?.data['startGraph']
  const main = spells.find(({ graph }) => graph.id === start) ?? spells[0]
  return [main, ...spells.filter(one => one !== main)]
}

/** Writes the journal that Rivet's events tell of. */
class JournalWriter {
  readonly notes: string[] = []
  readonly #run: string
  readonly #inputs: JsonObject
  readonly #spells: readonly ConvertedSpell[]
  readonly #entries: Entry[] = []
  readonly #unknown = new Set<string>()
  /** Numbers of entries, by what they belong to: a node may run several times. */
  readonly #open = new Map<string, string>()
  #at = 0

  constructor(run: string, inputs: JsonObject, spells: readonly ConvertedSpell[]) {
    this.#run = run
    this.#inputs = inputs
    this.#spells = spells
  }

  take({ type, at, data }: RivetEvent): void {
    // A clock that was set back has no place in a journal.
    this.#at = Math.max(this.#at, at)
    const isEnded = this.#entries.at(-1)?.kind.match(/^run\.(completed|failed|cancelled)$/) !== null
    if (this.#entries.length === 0) this.#start()
    else if (isEnded) return
    switch (type) {
      case 'nodeStart':
        return this.#started(data)
      case 'nodeFinish':
        return this.#ended(data)
      case 'nodeError':
        return this.#failed(data)
      case 'done':
        return this.#write({ kind: 'run.completed', outputs: plainOf(data['results']), state: {} })
      case 'error':
        return this.#write({ kind: 'run.failed', error: { code: 'RIVET', message: messageOf(data['error']) } })
      case 'abort':
        return data['successful'] === true
          ? this.#write({ kind: 'run.completed', outputs: {}, state: {} })
          : this.#write({ kind: 'run.cancelled', reason: messageOf(data['error']) || 'aborted in Rivet' })
      default:
    }
  }

  /** The journal, whole: what has no end was stopped with the recording. */
  end(): readonly Entry[] {
    if (!/^run\.(completed|failed|cancelled)$/.test(this.#entries.at(-1)?.kind ?? ''))
      this.#write({ kind: 'run.cancelled', reason: 'the recording ends here' })
    if (this.#unknown.size > 0)
      this.notes.push(`nodes that the project does not have were left out: ${[...this.#unknown].join(', ')}`)
    this.notes.push(
      'random numbers, state and usage are not in a recording of Rivet: it can be looked at, not replayed',
    )
    const digest = digestOfEntries(this.#entries)
    return this.#entries.map((entry, index) =>
      index === this.#entries.length - 1 ? ({ ...entry, digest } as Entry) : entry,
    )
  }

  #start(): void {
    const spell = this.#spells[0]?.document.name ?? ''
    const [run, inputs] = [this.#run, this.#inputs]
    this.#write({ kind: 'run.started', run, spell, revision: 0, inputs, state: {}, seed: 0 })
  }

  #write(entry: object): void {
    const seq = this.#entries.length + 1
    const { kind } = entry as { kind: string }
    const isLast = /^run\.(completed|failed|cancelled)$/.test(kind)
    this.#entries.push({ seq, at: this.#at, ...entry, ...(isLast ? { lastSeq: seq } : {}) } as Entry)
  }

  /** The node and the activation of an event. */
  #who({ nodeId, processId }: JsonObject) {
    const id = typeof nodeId === 'string' ? nodeId : ''
    const found = this.#spells.findIndex(({ places }) => places.has(id))
    const place = this.#spells[found]?.places.get(id)
    if (!place) {
      if (id !== '') this.#unknown.add(id)
      return undefined
    }
    const { high, low } = hashString(`${id}\n${typeof processId === 'string' ? processId : ''}`)
    return { place, node: `${this.#prefixOf(found)}${place.id}`, activation: toHex(high, low) }
  }

  /** Of a graph that is called: the node that called it, the one that began last and has not ended. */
  #prefixOf(spell: number): string {
    if (spell === 0) return ''
    const graph = this.#spells[spell]?.graph.id
    const callers = this.#spells.flatMap(({ graph: { nodes }, places }, index) =>
      nodes.flatMap(({ id, type, data }) =>
        type === 'subGraph' && data['graphId'] === graph ? [{ index, node: places.get(id)?.id ?? id }] : [],
      ),
    )
    const running = [...this.#open.values()].toReversed()
    const caller = callers.find(({ node }) => running.some(one => one === node || one.endsWith(`/${node}`)))
    const path = caller && running.find(one => one === caller.node || one.endsWith(`/${caller.node}`))
    return path === undefined ? `${this.#spells[spell]?.document.name ?? ''}/` : `${path}/`
  }

  #started(data: JsonObject): void {
    const who = this.#who(data)
    if (!who) return
    this.#open.set(who.activation, who.node)
    if (who.place.isAction) this.#write({ kind: 'node.started', node: who.node, activation: who.activation })
  }

  #ended(data: JsonObject): void {
    const who = this.#who(data)
    if (!who) return
    const { place, activation } = who
    const node = this.#open.get(activation) ?? who.node
    this.#open.delete(activation)
    const prefix = node.slice(0, node.length - place.id.length)
    const own: Record<string, Json> = {}
    for (const [port, value] of Object.entries(plainOf(data['outputs']))) {
      const end = Object.hasOwn(place.outputs, port) ? (place.outputs[port] ?? '') : ''
      const dot = end.indexOf('.')
      if (end.slice(0, dot) === place.id) own[end.slice(dot + 1)] = value
      else if (dot > 0)
        this.#write({
          kind: 'node.value',
          node: `${prefix}${end.slice(0, dot)}`,
          activation,
          outputs: { [end.slice(dot + 1)]: value },
        })
      else own[port] = value
    }
    if (place.isAction) this.#write({ kind: 'node.ended', node, activation, outputs: own, pulses: ['out'] })
    else this.#write({ kind: 'node.value', node, activation, outputs: own })
  }

  #failed(data: JsonObject): void {
    const who = this.#who(data)
    if (!who) return
    const node = this.#open.get(who.activation) ?? who.node
    this.#open.delete(who.activation)
    const error = { code: 'RIVET', message: messageOf(data['error']), node }
    this.#write({ kind: 'node.failed', node, activation: who.activation, attempt: 1, error, final: true, pulses: [] })
  }
}

/** Values without their types; those that did not run are left out. */
function plainOf(ports: Json | undefined): JsonObject {
  if (!isObject(ports)) return {}
  return Object.fromEntries(
    Object.entries(ports).flatMap(([port, one]): [string, Json][] => {
      if (!isObject(one) || one['type'] === 'control-flow-excluded' || one['value'] === undefined) return []
      return [[port, one['value']]]
    }),
  )
}

/** Rivet records stacks: their first line tells. */
function messageOf(error: Json | undefined): string {
  const [first = ''] = (typeof error === 'string' ? error : '').split('\n')
  return first.replace(/^Error: /, '')
}
