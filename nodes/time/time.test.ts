import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Json, JsonObject } from '#graph/json.ts'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import { around, outputsOf, problemsOf, registry, runNode, runSpell } from '../kit.suite.ts'

const parse = async (time: Json, config: JsonObject = {}) =>
  (await outputsOf('time/parse', { config, inputs: { time } }))['iso']
const format = async (time: Json, config: JsonObject) =>
  (await outputsOf('time/format', { config, inputs: { time } }))['text']

test('now is the time of the run, and of every replay of it', async () => {
  const before = Date.now()
  const document = around('time/now', {})
  const { entries, outputs } = await runSpell(document)
  expect(outputs['ms']).toBeGreaterThanOrEqual(before)
  expect(outputs['ms']).toBeLessThanOrEqual(Date.now())
  expect(outputs['iso']).toBe(new Date(outputs['ms'] as number).toISOString())
  const read: Json[] = []
  await replay(compile(document, registry), entries, {
    now: () => 0,
    observe: ({ node, inputs }) => {
      if (node.startsWith('out-')) read.push(inputs['value'] ?? null)
    },
  })
  expect(read).toEqual([outputs['ms'], outputs['iso']])
})

describe('parse', () => {
  test.each<readonly [time: Json, iso: string]>([
    ['2026-11-21', '2026-11-21T00:00:00.000Z'],
    ['2026-11-21T09:25', '2026-11-21T09:25:00.000Z'],
    [' 2026-11-21 09:25:30,5 ', '2026-11-21T09:25:30.500Z'],
    ['2026-11-21T09:25:30.123456789Z', '2026-11-21T09:25:30.123Z'],
    ['2026-11-21T09:25:30.999999999z', '2026-11-21T09:25:30.999Z'],
    ['2026-11-21T00:30:00+01:00', '2026-11-20T23:30:00.000Z'],
    ['2026-11-21 00:30 -0330', '2026-11-21T04:00:00.000Z'],
    ['2026-11-21T00:30+14', '2026-11-20T10:30:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29', '2000-02-29T00:00:00.000Z'],
    ['1000-01-01', '1000-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999', '9999-12-31T23:59:59.999Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
    [1.9, '1970-01-01T00:00:00.001Z'],
    ['1795252500000', '2026-11-21T09:15:00.000Z'],
    ['-86400000', '1969-12-31T00:00:00.000Z'],
  ])('%j is %s', async (time, iso) => {
    expect(await parse(time)).toBe(iso)
    expect((await outputsOf('time/parse', { inputs: { time } }))['ms']).toBe(Date.parse(iso))
  })

  test.each<Json>([
    '',
    'tomorrow',
    '2026',
    '2026-13-01',
    '2026-00-01',
    '2026-02-29',
    '1900-02-29',
    '2026-04-31',
    '2026-11-21T24:00',
    '2026-11-21T09:60',
    '2026-11-21T09:00:60',
    '2026-11-21T09:00+19:00',
    '2026-11-21T',
    '21.11.2026',
    '0999-12-31',
    '9999-12-31T23:59-01:00',
    253_402_300_800_000,
    null,
    false,
    [],
    {},
  ])('%j is no time', async time => {
    expect((await runNode('time/parse', { inputs: { time } })).error).toMatchObject({
      code: 'NOT_A_TIME',
      message: expect.stringContaining('is not a time of the years 1000 to 9999, as ISO 8601') as unknown,
    })
  })

  test('without an offset it is what clocks in the time zone show', async () => {
    const berlin = { zone: 'Europe/Berlin' }
    expect(await parse('2026-07-01T12:00', berlin)).toBe('2026-07-01T10:00:00.000Z')
    expect(await parse('2026-12-01T12:00', berlin)).toBe('2026-12-01T11:00:00.000Z')
    expect(await parse('2026-12-01T12:00Z', berlin)).toBe('2026-12-01T12:00:00.000Z')
    expect(await parse('2026-12-01', { zone: 'Asia/Kolkata' })).toBe('2026-11-30T18:30:00.000Z')
  })

  test('where clocks show a time twice it is the first, where never it is as much later', async () => {
    const berlin = { zone: 'Europe/Berlin' }
    expect(await parse('2026-10-25T02:30', berlin)).toBe('2026-10-25T00:30:00.000Z')
    expect(await parse('2026-10-25T03:00', berlin)).toBe('2026-10-25T02:00:00.000Z')
    expect(await parse('2026-03-29T02:30', berlin)).toBe('2026-03-29T01:30:00.000Z')
    expect(await parse('2026-11-01T01:30', { zone: 'America/New_York' })).toBe('2026-11-01T05:30:00.000Z')
  })

  test('needs a time', async () => {
    expect((await runNode('time/parse')).error).toMatchObject({ code: 'NO_VALUE' })
  })
})

describe('format', () => {
  const time = '2026-03-05T14:07:09.042Z'

  test('writes what a pattern names, and all else as it stands', async () => {
    expect(await format(time, {})).toBe('2026-03-05 14:07')
    expect(await format(time, { pattern: 'D.M.YYYY, H:m:s.SSS' })).toBe('5.3.2026, 14:7:9.042')
    expect(await format(time, { pattern: 'dddd, MMMM D [at] h:mm A' })).toBe('Thursday, March 5 at 2:07 PM')
    expect(await format(time, { pattern: 'ddd DD MMM YYYY HH:mm:ss Z' })).toBe('Thu 05 Mar 2026 14:07:09 +00:00')
    expect(await format(time, { pattern: '[YYYY] {x} [' })).toBe('YYYY {x} [')
    expect(await format(time, { pattern: '' })).toBe('')
    expect(await format(0, { pattern: 'hh A' })).toBe('12 AM')
  })

  test('as clocks in a time zone show it', async () => {
    const pattern = 'YYYY-MM-DD HH:mm Z'
    expect(await format(time, { pattern, zone: 'America/St_Johns' })).toBe('2026-03-05 10:37 -03:30')
    expect(await format('2026-12-31T20:00Z', { pattern, zone: 'Asia/Kolkata' })).toBe('2027-01-01 01:30 +05:30')
    expect(
      await outputsOf('time/format', { config: { zone: 'Europe/Berlin' }, inputs: { time: 1_795_252_500_001 } }),
    ).toEqual({
      text: '2026-11-21 10:15',
      iso: '2026-11-21T10:15:00.001+01:00',
      parts: { year: 2026, month: 11, day: 21, hour: 10, minute: 15, second: 0, ms: 1, weekday: 6, offset: 60 },
    })
  })

  test('tells what is wrong with its config, and needs a time', async () => {
    for (const type of ['time/format', 'time/parse'])
      for (const zone of ['Berlin', '', '+01:00', 'Europe/Nowhere'])
        expect(problemsOf(type, { zone })).toEqual([
          { path: 'config.zone', message: `"${zone}" is no time zone such as UTC or Europe/Berlin` },
        ])
    expect(problemsOf('time/format', { pattern: 1, zone: null })).toEqual([
      { path: 'config.pattern', message: 'expected a string, got 1' },
      { path: 'config.zone', message: 'expected a string, got null' },
    ])
    expect((await runNode('time/format')).error).toMatchObject({ code: 'NO_VALUE' })
    expect((await runNode('time/format', { inputs: { time: '' } })).error).toMatchObject({ code: 'NOT_A_TIME' })
  })

  test('what is written with an offset is read as the same time, in any zone', async () => {
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu')
    const times = fc.integer({ min: Date.parse('1950-01-01'), max: Date.parse('2100-01-01') })
    await fc.assert(
      fc.asyncProperty(times, zones, async (ms, zone) => {
        const { iso } = await outputsOf('time/format', { config: { zone }, inputs: { time: ms } })
        expect(await parse(iso as string, { zone })).toBe(new Date(ms).toISOString())
      }),
      { numRuns: 100 },
    )
  })
})
