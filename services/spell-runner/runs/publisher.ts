import type { Chunk } from '#graph/journal.ts'
import type { Bus, BusHeaders } from '#mesh/bus.ts'
import { subject } from '#mesh/bus.ts'
import type { RunTraces } from './trace.ts'

/** Whose events these are. Tokens of subjects. */
export interface Channel {
  readonly owner: string
  readonly spell: string
  readonly run: string
}

/** Tells the mesh of what happens in runs. Nothing of it is the record: that is in the database. */
export interface Publisher {
  /** Committed entries, the first of them numbered `first`. */
  entries(channel: Channel, attempt: number, first: number, texts: readonly string[]): void
  /** A piece of streamed text: pieces of a node that follow each other within some milliseconds travel together. */
  chunk(channel: Channel, chunk: Chunk): void
  /** A sign of life, with the run's position. */
  head(channel: Channel, attempt: number, seq: number): void
}

const MOST_BYTES = 256 * 1024
const GATHER_MS = 10

export function createPublisher(bus: Bus, traces: Pick<RunTraces, 'headersFor'>): Publisher {
  const gathered = new Map<string, { readonly channel: Channel; chunk: Chunk }>()
  let timer: NodeJS.Timeout | undefined
  const send = (prefix: string, { owner, spell, run }: Channel, text: string, headers?: BusHeaders) =>
    bus.publish(subject(prefix, owner, spell, run), Buffer.from(text), headers)
  const sendChunk = ({ channel, chunk }: { channel: Channel; chunk: Chunk }) =>
    send('tok.v1', channel, JSON.stringify({ run: channel.run, ...chunk }))
  const flush = (run?: string) => {
    for (const [key, one] of gathered) {
      if (run !== undefined && one.channel.run !== run) continue
      gathered.delete(key)
      sendChunk(one)
    }
    if (gathered.size > 0) return
    clearTimeout(timer)
    timer = undefined
  }
  return {
    entries(channel, attempt, first, texts) {
      // What was streamed before comes before.
      if (gathered.size > 0) flush(channel.run)
      for (const [from, to] of slices(texts)) {
        const head = `${attempt} ${first + from} ${to - from} ${Date.now()}`
        send(
          'ev.v1',
          channel,
          `${head}\n${texts.slice(from, to).join('\n')}`,
          traces.headersFor(channel.run, to - from),
        )
      }
    },
    chunk(channel, chunk) {
      const key = `${channel.run} ${chunk.activation}`
      const before = gathered.get(key)
      // The first piece is waited for.
      if (!before && chunk.offset === 0 && chunk.fraction === undefined) return sendChunk({ channel, chunk })
      if (!before) gathered.set(key, { channel, chunk })
      else if (chunk.fraction === undefined && before.chunk.fraction === undefined)
        before.chunk = { ...before.chunk, text: before.chunk.text + chunk.text }
      else {
        sendChunk(before)
        before.chunk = chunk
      }
      timer ??= setTimeout(() => flush(), GATHER_MS)
    },
    head({ run, spell }, attempt, seq) {
      bus.publish(subject('head.v1', run), Buffer.from(JSON.stringify({ run, spell, attempt, seq })))
    },
  }
}

/** Cuts texts into consecutive parts of at most {@link MOST_BYTES} characters; a longer text is a part of its own. */
function* slices(texts: readonly string[]): Generator<readonly [from: number, to: number]> {
  let from = 0
  let size = 0
  for (const [index, { length }] of texts.entries()) {
    if (size > 0 && size + length > MOST_BYTES) {
      yield [from, index]
      from = index
      size = 0
    }
    size += length
  }
  if (from < texts.length) yield [from, texts.length]
}
