import { describe, expect, test } from '@jest/globals'
import type { Entry } from '#graph/journal.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import { socketsOf } from '#graph/registry.ts'
import type { Given, Single } from '../kit.suite.ts'
import { around, outputsOf, problemsOf, registry, runNode, runSpell, spell } from '../kit.suite.ts'

/** A source, and what it gives written into the state, one after the other. */
const collecting = (type: string, config: JsonObject, output: string) =>
  spell(
    {
      it: { type, config },
      keep: { type: 'state/write', config: { key: 'got', mode: 'append' } },
    },
    [
      ['it.out', 'keep.in'],
      [`it.${output}`, 'keep.value'],
    ],
    { got: { initial: [] } },
  )

const collect = async (type: string, config: JsonObject, output: string, given: Given = {}) => {
  const document = collecting(type, config, output)
  const outcome = await runSpell(document, { state: { got: [] }, ...given })
  expect(outcome.error).toBeUndefined()
  const entries = [...(given.journal ?? []), ...outcome.entries]
  expect(await replay(compile(document, registry), entries)).toEqual({ entries: entries.length })
  return { ...outcome, entries, got: outcome.state['got'] as readonly Json[] }
}

/** What the sender of a message is told. */
async function refusalOf(type: string, config: JsonObject, name: string, message: Json): Promise<unknown> {
  let refusal: unknown
  const { status } = await runSpell(collecting(type, config, type === 'source/chat' ? 'text' : 'value'), {
    onEntry(entry, run) {
      if (entry.kind !== 'node.started') return
      setImmediate(() => {
        try {
          run.send(name, message)
        } catch (error) {
          refusal = error
        }
        run.cancel('asked')
      })
    },
  })
  expect(status).toBe('cancelled')
  return refusal
}

const emissionsOf = (entries: readonly Entry[]) => entries.filter(({ kind }) => kind === 'node.emitted')

describe('interval', () => {
  test('fires as often as it is told, not faster, and then ends', async () => {
    const { got, status, pulses, entries } = await collect('source/interval', { everyMs: 20, count: 3 }, 'at')
    expect(status).toBe('completed')
    expect(pulses('it')).toEqual(['out', 'out', 'out', 'done'])
    const [begun, ...times] = [entries[0]?.at ?? 0, ...(got as readonly number[])]
    times.forEach((at, index) => expect(at - begun).toBeGreaterThanOrEqual((index + 1) * 20 - 2))
  })

  test('the first at once where wanted', async () => {
    const { entries } = await collect('source/interval', { everyMs: 60_000, count: 1, atOnce: true }, 'at')
    expect((emissionsOf(entries)[0]?.at ?? 0) - (entries[0]?.at ?? 0)).toBeLessThan(30_000)
  })

  test('without a count it goes on until the run is stopped', async () => {
    const { got, status } = await collect('source/interval', { everyMs: 10 }, 'index', {
      onEntry: (entry, run) => void (entry.kind === 'node.emitted' && entry.index === 4 && run.cancel('enough')),
    })
    expect(status).toBe('cancelled')
    expect(got).toEqual([0, 1, 2, 3])
  })

  test('taken up again it goes on with the next number', async () => {
    const config = { everyMs: 10, count: 4 }
    const whole = await collect('source/interval', config, 'index')
    expect(whole.got).toEqual([0, 1, 2, 3])
    for (let length = 1; length < whole.entries.length; length++) {
      const { got, entries } = await collect('source/interval', config, 'index', {
        journal: whole.entries.slice(0, length),
      })
      expect(got).toEqual([0, 1, 2, 3])
      expect(emissionsOf(entries)).toHaveLength(4)
    }
  })

  test('tells what is wrong with its config', () => {
    expect(problemsOf('source/interval', { everyMs: 5, count: -1, atOnce: 'no' })).toEqual([
      { path: 'config.everyMs', message: 'expected at least 10, got 5' },
      { path: 'config.count', message: 'expected at least 0, got -1' },
      { path: 'config.atOnce', message: 'expected true or false, got "no"' },
    ])
  })
})

describe('timer', () => {
  test('fires once, after its time, and the run was put aside until then', async () => {
    let standing: string | undefined
    const { outputs, entries, pulses } = await runSpell(around('source/timer', { config: { afterMs: 30 } }), {
      onEntry(entry, run) {
        if (entry.kind === 'run.waiting') setImmediate(() => (standing = run.standing))
      },
    })
    expect(standing).toBe('waiting')
    expect(pulses('it')).toEqual(['out'])
    expect((outputs['at'] as number) - (entries[0]?.at ?? 0)).toBeGreaterThanOrEqual(29)
    expect(outputs['iso']).toBe(new Date(outputs['at'] as number).toISOString())
  })

  test('waits for a moment; one that has passed fires at once', async () => {
    const { entries, status } = await runNode('source/timer', { config: { at: '2001-01-01', afterMs: 80_000_000 } })
    expect(status).toBe('completed')
    expect(entries.find(({ kind }) => kind === 'run.waiting')).toMatchObject({
      reason: 'time',
      until: Date.UTC(2001, 0, 1),
    })
    const ahead = await runSpell(around('source/timer', { config: { at: '2999-01-01T00:00', zone: 'Asia/Tokyo' } }), {
      onEntry(entry, run) {
        if (entry.kind !== 'run.waiting') return
        expect(run.wakesAt).toBe(Date.UTC(2998, 11, 31, 15))
        run.cancel('too long')
      },
    })
    expect(ahead.status).toBe('cancelled')
  })

  test('tells what is wrong with its config', () => {
    expect(problemsOf('source/timer', { at: 'tomorrow', zone: 'Mars' })).toEqual([
      { path: 'config.zone', message: '"Mars" is no time zone such as UTC or Europe/Berlin' },
    ])
    expect(problemsOf('source/timer', { at: 'tomorrow', afterMs: -1 })).toEqual([
      { path: 'config.afterMs', message: 'expected at least 0, got -1' },
    ])
    expect(problemsOf('source/timer', { at: 'tomorrow' })).toEqual([
      { path: 'config.at', message: '"tomorrow" is no time such as 2026-12-24T18:00' },
    ])
  })
})

describe('list', () => {
  test('gives one item after the other, empty ones too, then is done', async () => {
    const list = ['', 0, false, null, [], { a: 1 }]
    const { got, pulses } = await collect('source/list', { list }, 'item')
    expect(got).toEqual(list)
    expect(pulses('it')).toEqual([...list.map(() => 'out'), 'done'])
  })

  test('a list over a wire is used in place of the settings; an empty one is done at once', async () => {
    const single = (list: Json): Single => ({ config: { list: [1] }, inputs: { list } })
    expect(await outputsOf('source/list', single([5, 6]))).toEqual({ item: 6, index: 1, count: 2 })
    expect((await runNode('source/list', { ...single([]), outputs: ['count'] })).outputs).toEqual({ count: 0 })
  })

  test('leaves time between them', async () => {
    const { entries } = await collect('source/list', { list: [1, 2, 3], everyMs: 15 }, 'item')
    const times = emissionsOf(entries).map(({ at }) => at)
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(28)
  })

  test('taken up again it repeats nothing', async () => {
    const config = { list: ['a', 'b', 'c'] }
    const whole = await collect('source/list', config, 'item')
    for (let length = 1; length < whole.entries.length; length++) {
      const { got } = await collect('source/list', config, 'item', { journal: whole.entries.slice(0, length) })
      expect(got).toEqual(['a', 'b', 'c'])
    }
  })

  test('a long one does not run ahead of what works on it', async () => {
    const list = Array.from({ length: 3_000 }, (_, index) => index)
    const document = spell(
      { it: { type: 'source/list', config: { list } }, wait: { type: 'flow/delay', config: { ms: 60_000 } } },
      [['it.out', 'wait.in']],
    )
    let emitted = 0
    const { status } = await runSpell(document, {
      onEntry(entry, run) {
        if (entry.kind === 'node.emitted') emitted++
        if (emitted === 900) setTimeout(() => run.cancel('seen enough'), 200)
      },
    })
    expect(status).toBe('cancelled')
    expect(emitted).toBeGreaterThan(900)
    expect(emitted).toBeLessThan(1_100)
  })

  test('tells what is wrong with its config', () => {
    expect(problemsOf('source/list', { list: 'a', everyMs: 0.5 })).toEqual([
      { path: 'config.list', message: 'expected a list, got "a"' },
      { path: 'config.everyMs', message: 'expected a whole number, got 0.5' },
    ])
  })
})

describe('event', () => {
  const sent = (...messages: readonly Json[]) => messages.map(message => ({ name: 'door', message }))

  test('gives what is sent under its name, empty values too, until it is stopped', async () => {
    const values = ['', 0, false, null, { a: [1] }]
    const { got, status } = await collect('source/event', { name: 'door' }, 'value', { messages: sent(...values) })
    expect([status, got]).toEqual(['cancelled', values])
    const { outputs } = await runNode('source/event', { config: { name: 'door' }, messages: sent(1) })
    expect(outputs).toEqual({ value: 1, name: 'door' })
  })

  test('refuses a message of another type, and the sender is told', async () => {
    const config = { name: 'door', type: 'number' }
    expect(await refusalOf('source/event', config, 'door', 'open')).toMatchObject({
      code: 'INVALID',
      message: expect.stringContaining('event "door" expects number, got "open"') as unknown,
    })
    expect(await refusalOf('source/event', config, 'window', 1)).toMatchObject({ code: 'NOT_LISTENING' })
    const { got } = await collect('source/event', config, 'value', { messages: sent(0, 2) })
    expect(got).toEqual([0, 2])
  })

  test('its value has the type that it says', () => {
    expect(socketsOf(registry, { type: 'source/event', config: { type: 'object' } })?.outputs).toMatchObject({
      value: { type: 'object' },
      name: { type: 'string' },
    })
    expect(problemsOf('source/event', { name: '', type: 'text' })).toEqual([
      { path: 'config.name', message: 'must not be empty' },
      {
        path: 'config.type',
        message: '"text" is none of "any", "string", "number", "boolean", "object", "array"',
      },
    ])
  })
})

describe('chat', () => {
  test('takes texts and objects with a text', async () => {
    const messages = ['hello', '', { text: 'bye', from: 'Ada' }].map(message => ({ name: 'chat', message }))
    expect((await collect('source/chat', {}, 'text', { messages })).got).toEqual(['hello', '', 'bye'])
    expect((await collect('source/chat', {}, 'message', { messages })).got).toEqual([
      { text: 'hello' },
      { text: '' },
      { text: 'bye', from: 'Ada' },
    ])
  })

  test.each<Json>([3, null, ['a'], {}, { text: 5 }])('refuses %j', async message => {
    expect(await refusalOf('source/chat', { name: 'shop' }, 'shop', message)).toMatchObject({
      code: 'INVALID',
      message: expect.stringContaining('chat "shop" expects a text or {text, …}, got ') as unknown,
    })
  })
})
