import { expect, test } from '@jest/globals'
import type { ConnectionStatus, SpellmeshClient } from './types.ts'
import { journalOf, openWire, runRecord, seqs, upTo } from './wire.suite.ts'

/** Every state from now on; `is` resolves with the next time that the client is in one. */
function statesOf(client: SpellmeshClient) {
  const all: { status: ConnectionStatus; retryInMs?: number }[] = []
  client.on('status', told => void all.push(told))
  const is = (status: ConnectionStatus) =>
    new Promise<void>(resolve => {
      const stop = client.on('status', told => {
        if (told.status !== status) return
        stop()
        resolve()
      })
    })
  return { all, is, waits: () => all.flatMap(({ retryInMs }) => (retryInMs === undefined ? [] : [retryInMs])) }
}

test('a cut connection comes back with a new ticket, and the run goes on without a gap or a repeat', async () => {
  await using wire = await openWire()
  const client = wire.client()
  const journal = journalOf('r', 30)
  const run = await client.startRun('s')
  const seen: number[] = []
  run.onEntries(fresh => seen.push(...seqs(fresh)))
  wire.journals.set('r', journal.slice(0, 10))
  wire.entries('r', upTo(10))
  const cutAt10 = new Promise<void>(resolve => run.onEntries(() => run.entries.length === 10 && resolve()))
  await cutAt10
  wire.journals.set('r', journal)
  wire.cut()
  expect((await run.completed).lastSeq).toBe(30)
  expect(seen).toEqual(upTo(30))
  const [first, second] = wire.calls('session.connect')
  expect([first?.params['ticket'], second?.params['ticket']]).toEqual(['t1', 't2'])
  expect(second?.params['resume']).toEqual([{ run: 'r', attempt: 1, seq: 10, spell: 's' }])
  expect(wire.asked).not.toContain('GET /v1/runs/r/entries')
})

test('spells are opened again, and drafts are sent again', async () => {
  await using wire = await openWire()
  const client = wire.client()
  await client.openSpell('a')
  await client.openSpell('b')
  await client.editSpell('b', { name: 'drawn' })
  wire.cut()
  const again = await wire.call('spell.edit', ({ connection }) => connection === 2)
  expect(again.params).toEqual({ spell: 'b', draft: { name: 'drawn' } })
  expect(wire.calls('session.connect')[1]?.params['open']).toEqual(['a', 'b'])
})

test('a spell that cannot be opened at the moment is asked for again', async () => {
  await using wire = await openWire()
  const client = wire.client()
  await client.openSpell('a')
  wire.answers['session.connect'] = () => ({
    session: 'x',
    user: 'u',
    opened: [
      { spell: 'a', error: { code: -32000, message: 'no runner', data: { reason: 'UNAVAILABLE', retry: true } } },
    ],
    resumed: [],
    limits: { frameBytes: 65_536, commandsPerSecond: 100, openSpells: 16, ackEntries: 64, ackMs: 1000 },
  })
  wire.cut()
  const again = await wire.call('spell.open', ({ connection }) => connection === 2)
  expect(again.params).toEqual({ spell: 'a' })
})

test('a call in flight fails with leave to try again when the connection is lost; an idempotent one is sent again', async () => {
  await using wire = await openWire()
  const client = wire.client()
  await client.openSpell('a')
  wire.answers['run.start'] = () => 'silence'
  wire.answers['spell.edit'] = () => 'silence'
  const starting = client.startRun('a')
  const editing = client.editSpell('a', { name: 'drawn' })
  await wire.call('run.start')
  await wire.call('spell.edit')
  delete wire.answers['spell.edit']
  wire.cut()
  await expect(starting).rejects.toMatchObject({ code: 'UNAVAILABLE', retry: true })
  expect(await editing).toEqual([])
  expect(wire.calls('run.start')).toHaveLength(1)
})

test('told to drain, the client comes back after the time that it was told', async () => {
  await using wire = await openWire()
  const client = wire.client()
  const states = statesOf(client)
  await states.is('open')
  const told = performance.now()
  wire.tell('session.drain', { reconnectAfterMs: 400 })
  wire.close(1012)
  const back = await wire.call('session.connect', ({ connection }) => connection === 2)
  expect(states.waits()).toEqual([400])
  expect(back.at - told).toBeGreaterThan(390)
})

test('a server that says drain and stays open is left after that time', async () => {
  await using wire = await openWire()
  const client = wire.client()
  await statesOf(client).is('open')
  wire.tell('session.drain', { reconnectAfterMs: 50 })
  const back = await wire.call('session.connect', ({ connection }) => connection === 2)
  expect(back.connection).toBe(2)
})

test('the time of a drain holds for one try: after that the pauses grow', async () => {
  await using wire = await openWire()
  const client = wire.client()
  const states = statesOf(client)
  await states.is('open')
  wire.tell('session.drain', { reconnectAfterMs: 100 })
  wire.down = true
  wire.close(1012)
  await states.is('waiting')
  while (states.waits().length < 4) await states.is('waiting')
  const [drained, ...others] = states.waits()
  // 0: the time was up before the socket was closed.
  expect([0, 100]).toContain(drained)
  expect(others.filter(wait => wait === 0 || wait === 100)).toEqual([])
})

test('pauses are drawn from 0 to a bound that doubles from 250 ms to 10 s', async () => {
  await using wire = await openWire()
  wire.down = true
  const client = wire.client()
  const states = statesOf(client)
  while (states.waits().length < 8) {
    await states.is('waiting')
    client.reconnect()
  }
  const bounds = [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]
  const waits = states.waits()
  waits.forEach((wait, index) => {
    expect(wait).toBeGreaterThanOrEqual(0)
    expect(wait).toBeLessThanOrEqual(bounds[index] ?? 0)
  })
  expect(new Set(waits).size).toBe(8)
})

test('more runs than fit the first frame are all resumed', async () => {
  await using wire = await openWire()
  const client = wire.client()
  const ids = upTo(150).map(number => `run-with-a-long-name-${number}`)
  const handles = []
  for (const id of ids) {
    wire.answers['run.start'] = () => ({ run: runRecord(id), ignoredPins: [] })
    handles.push(await client.startRun('s'))
  }
  for (const id of ids) wire.journals.set(id, journalOf(id, 3))
  wire.cut()
  const ended = await Promise.all(handles.map(({ completed }) => completed))
  expect(ended.map(({ lastSeq }) => lastSeq)).toEqual(ids.map(() => 3))
  const connect = wire.calls('session.connect')[1]
  expect(JSON.stringify(connect?.params).length).toBeLessThan(4_000)
  expect((connect?.params['resume'] as readonly unknown[] | undefined)?.length).toBeGreaterThan(10)
})

test('a run that began to be followed while the client was connecting is watched', async () => {
  await using wire = await openWire()
  wire.journals.set('r', journalOf('r', 4).slice(0, 2))
  wire.answers['session.connect'] = () => 'silence'
  const client = wire.client()
  const hello = await wire.call('session.connect')
  expect(hello.params['resume']).toEqual([])
  const run = await client.watchRun('r')
  await new Promise<void>(resolve => run.onEntries(() => run.entries.length === 2 && resolve()))
  wire.journals.set('r', journalOf('r', 4))
  const limits = { frameBytes: 65_536, commandsPerSecond: 100, openSpells: 16, ackEntries: 64, ackMs: 1000 }
  const result = { session: 'x', user: 'u', opened: [], resumed: [], limits }
  wire.raw(JSON.stringify({ jsonrpc: '2.0', id: hello.id, result }))
  expect((await run.completed).lastSeq).toBe(4)
  expect(wire.connections).toBe(1)
})

test('a ticket that grew old on its way is replaced once; who is refused twice stays out', async () => {
  await using wire = await openWire()
  const refused = {
    error: { code: -32000, message: 'this ticket is used or old', data: { reason: 'UNAUTHENTICATED', retry: false } },
  }
  let refusals = 0
  wire.answers['session.connect'] = () => {
    if (++refusals === 1) delete wire.answers['session.connect']
    return refused
  }
  const client = wire.client()
  await client.openSpell('a')
  expect(wire.calls('session.connect').map(({ params }) => params['ticket'])).toEqual(['t1', 't2'])
  wire.answers['session.connect'] = () => refused
  const states = statesOf(client)
  wire.cut()
  await states.is('closed')
  expect(wire.tickets).toBe(4)
})

test('when the session is over for good, followed runs say so', async () => {
  await using wire = await openWire()
  const client = wire.client()
  const run = await client.startRun('s')
  wire.close(4403)
  await expect(run.completed).rejects.toMatchObject({ status: 403, code: 'PERMISSION_DENIED' })
  expect(client.status).toBe('closed')
  await expect(client.openSpell('a')).rejects.toMatchObject({ retry: false })
})

test('a call that is too large for a frame is refused here, and the connection stays', async () => {
  await using wire = await openWire()
  const client = wire.client()
  await client.openSpell('a')
  await expect(client.editSpell('a', { text: 'x'.repeat(70_000) })).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    retry: false,
  })
  await client.openSpell('b')
  expect(wire.connections).toBe(1)
})

test('what a server says that is no message ends that connection and nothing else', async () => {
  await using wire = await openWire()
  const client = wire.client()
  await statesOf(client).is('open')
  wire.raw('{nonsense')
  expect((await wire.call('session.connect', ({ connection }) => connection === 2)).connection).toBe(2)
})

test('a browser that says it is offline waits, and comes back when it says it is online', async () => {
  const page = new EventTarget()
  const globals = globalThis as { addEventListener?: unknown; removeEventListener?: unknown }
  globals.addEventListener = page.addEventListener.bind(page)
  globals.removeEventListener = page.removeEventListener.bind(page)
  try {
    await using wire = await openWire()
    const client = wire.client()
    const states = statesOf(client)
    await states.is('open')
    page.dispatchEvent(new Event('offline'))
    expect(client.status).toBe('waiting')
    page.dispatchEvent(new Event('online'))
    expect(client.status).toBe('connecting')
    await states.is('open')
    expect(wire.connections).toBe(2)
  } finally {
    delete globals.addEventListener
    delete globals.removeEventListener
  }
})
