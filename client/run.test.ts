import { expect, test } from '@jest/globals'
import type { Chunk, Entry } from '#graph/journal.ts'
import type { RunHandle } from './types.ts'
import type { Wire } from './wire.suite.ts'
import { journalOf, openWire, seqs, upTo } from './wire.suite.ts'

/** A run that was started and has sent nothing yet; its journal is at hand. */
async function started(wire: Wire, count: number): Promise<{ run: RunHandle; seen: Entry[]; journal: Entry[] }> {
  const client = wire.client()
  const run = await client.startRun('s')
  const seen: Entry[] = []
  run.onEntries(fresh => seen.push(...fresh))
  const journal = journalOf('r', count)
  wire.journals.set('r', journal)
  return { run, seen, journal }
}
/** Resolves when the run has shown this entry. */
const shown = (run: RunHandle, seq: number) =>
  new Promise<void>(resolve => {
    if (run.entries.length >= seq) return resolve()
    const stop = run.onEntries(() => {
      if (run.entries.length < seq) return
      stop()
      resolve()
    })
  })

test('entries come once each and in order, however often and in whatever attempt they are sent', async () => {
  await using wire = await openWire()
  const { run, seen } = await started(wire, 9)
  wire.entries('r', [1, 2, 3, 2, 3], { attempt: 2 })
  // An older runner that does not know yet that it lost the run.
  wire.tell('run.entry', { run: 'r', attempt: 1, seq: 4, entry: { ...journalOf('r', 9, 'zombie')[3] } as Entry })
  wire.entries('r', [4, 5, 6, 7, 8, 9], { attempt: 2 })
  const { entries } = await run.completed
  expect(seqs(seen)).toEqual(upTo(9))
  expect(entries).toEqual(journalOf('r', 9))
  expect(wire.asked).not.toContain('GET /v1/runs/r/entries')
})

test('a gap is filled from the journal', async () => {
  await using wire = await openWire()
  const { run, seen } = await started(wire, 12)
  wire.entries('r', [1, 2, 7])
  await run.completed
  expect(seqs(seen)).toEqual(upTo(12))
  expect(wire.asked).toContain('GET /v1/runs/r/entries')
})

test('an entry that did not fit a frame is read from the journal', async () => {
  await using wire = await openWire()
  const { run, seen } = await started(wire, 5)
  wire.entries('r', [1, 2])
  wire.entries('r', [3], { bare: true })
  await run.completed
  expect(seen).toEqual(journalOf('r', 5))
})

test('entries that come together with the answer to run.start are not lost', async () => {
  await using wire = await openWire()
  const client = wire.client()
  wire.journals.set('r', journalOf('r', 3))
  const asking = client.startRun('s')
  void wire.call('run.start').then(() => wire.entries('r', [1, 2, 3]))
  const { lastSeq } = await (await asking).completed
  expect(lastSeq).toBe(3)
  expect(wire.asked).toEqual(['POST /v1/ws-ticket'])
})

test('told to resync, the client reads the journal and watches from there', async () => {
  await using wire = await openWire()
  const { run, journal } = await started(wire, 6)
  wire.journals.set('r', journal.slice(0, 4))
  wire.catchesUp = false
  wire.tell('run.resync', { run: 'r', reason: 'too far behind' })
  expect((await wire.call('run.watch')).params).toEqual({ run: 'r', after: 4 })
  wire.journals.set('r', journal)
  wire.entries('r', [5, 6])
  expect(seqs((await run.completed).entries)).toEqual(upTo(6))
})

test('a resync that follows the answer to run.watch at once is obeyed too', async () => {
  await using wire = await openWire()
  const { run, journal } = await started(wire, 6)
  wire.journals.set('r', journal.slice(0, 2))
  wire.catchesUp = false
  wire.tell('run.resync', { run: 'r', reason: 'one' })
  await wire.call('run.watch')
  wire.journals.set('r', journal)
  wire.tell('run.resync', { run: 'r', reason: 'two' })
  expect((await run.completed).lastSeq).toBe(6)
})

test('a journal that does not fit its digest is fetched anew, and the run completes when that one does', async () => {
  await using wire = await openWire()
  const { run } = await started(wire, 5)
  for (const [index, entry] of journalOf('r', 5).entries())
    wire.tell('run.entry', {
      run: 'r',
      attempt: 1,
      seq: index + 1,
      entry: index === 2 ? ({ ...entry, at: 99 } as Entry) : entry,
    })
  const { entries } = await run.completed
  expect(entries).toEqual(journalOf('r', 5))
  expect(run.entries).toEqual(journalOf('r', 5))
})

test('a journal that does not fit its digest on the server either is an error, and is not kept', async () => {
  await using wire = await openWire()
  const { run } = await started(wire, 5)
  const spoilt = journalOf('r', 5).map((entry, index) => (index === 2 ? ({ ...entry, at: 99 } as Entry) : entry))
  wire.journals.set('r', spoilt)
  wire.entries('r', upTo(5))
  await expect(run.completed).rejects.toMatchObject({ code: 'DATA_LOSS', retry: false })
  expect(wire.asked.filter(path => path === 'GET /v1/runs/r/entries')).toHaveLength(1)
})

test('a page that has a gap in it is not believed', async () => {
  await using wire = await openWire()
  const { run, seen, journal } = await started(wire, 6)
  let pages = 0
  wire.page = () =>
    pages++ === 0 ? { entries: [journal[0], journal[3]] as Entry[], attempt: 1, lastSeq: 6, ended: true } : undefined
  wire.tell('run.resync', { run: 'r', reason: 'lost' })
  await run.completed
  expect(seqs(seen)).toEqual(upTo(6))
})

test('a journal that cannot be read at the moment is asked for again, with pauses', async () => {
  await using wire = await openWire()
  const { run } = await started(wire, 4)
  let refusals = 0
  wire.page = () => (++refusals <= 3 ? { status: 503, error: { code: 'UNAVAILABLE', message: 'not now' } } : undefined)
  wire.entries('r', [1, 3])
  expect((await run.completed).lastSeq).toBe(4)
  expect(refusals).toBe(4)
})

test('entries are acknowledged after 64 of them, and else within about a second', async () => {
  await using wire = await openWire()
  const { run } = await started(wire, 80)
  wire.entries('r', upTo(64))
  await shown(run, 64)
  const many = await wire.call('run.ack')
  expect(many.params).toEqual({ run: 'r', seq: 64 })
  const sent = performance.now()
  wire.entries('r', [65, 66])
  const few = await wire.call('run.ack', ({ params }) => params['seq'] === 66)
  expect(few.at - sent).toBeGreaterThan(900)
  expect(few.at - sent).toBeLessThan(15_000)
})

test('two who follow the same run do not end each other', async () => {
  await using wire = await openWire()
  const client = wire.client()
  wire.journals.set('r', journalOf('r', 5).slice(0, 2))
  wire.catchesUp = false
  const first = await client.startRun('s')
  const second = await client.watchRun('r')
  first.release()
  wire.journals.set('r', journalOf('r', 5))
  wire.entries('r', upTo(5))
  expect((await second.completed).lastSeq).toBe(5)
})

test('whoever follows a run no more is told nothing more of it, and neither is the server asked', async () => {
  await using wire = await openWire()
  const { run, seen } = await started(wire, 5)
  wire.entries('r', [1])
  await shown(run, 1)
  run.release()
  await expect(run.completed).rejects.toMatchObject({ code: 'CANCELLED' })
  expect((await wire.call('run.unwatch')).params).toEqual({ run: 'r' })
  expect(seqs(seen)).toEqual([1])
})

test('whoever listens late gets what was streamed so far as one piece, and nothing of what has ended', async () => {
  await using wire = await openWire()
  const client = wire.client()
  wire.journals.set('r', journalOf('r', 3))
  const run = await client.startRun('s')
  const piece = (activation: string, offset: number, text: string) =>
    wire.tell('run.chunk', { run: 'r', node: 'ask', activation, offset, text })
  const early: Chunk[] = []
  const third = new Promise<void>(resolve => {
    const stop = run.onChunk(chunk => {
      if (early.push(chunk) < 3) return
      stop()
      resolve()
    })
  })
  piece('a', 0, 'Once ')
  piece('a', 5, 'upon ')
  piece('b', 0, 'Twice')
  await third
  const late: Chunk[] = []
  await new Promise<void>(resolve => run.onChunk(chunk => late.push(chunk) === 2 && resolve()))
  expect(late.map(({ activation, offset, text }) => [activation, offset, text])).toEqual([
    ['a', 0, 'Once upon '],
    ['b', 0, 'Twice'],
  ])
})
