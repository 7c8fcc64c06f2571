import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import jsonata from 'jsonata'
import type { Json, JsonObject, Values } from '#graph/json.ts'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import { socketsOf } from '#graph/registry.ts'
import { around, outputsOf, problemsOf, registry, runNode, runSpell } from '../kit.suite.ts'

const ask = async (query: string, from: Json = {}, more: Values = {}) =>
  outputsOf('data/query', { config: { query }, inputs: { from, ...more } })
const valueOf = async (query: string, from: Json = {}, more: Values = {}) => (await ask(query, from, more))['value']
const errorOf = async (query: string, from: Json = {}, config: JsonObject = {}) =>
  (await runNode('data/query', { config: { query, ...config }, inputs: { from } })).error

const orders: Json = [
  { who: 'Ada', total: 0, tags: [] },
  { who: 'Grace', total: 12.5, tags: ['new', 'paid'] },
  { who: '', total: 40, tags: ['paid'] },
]

describe('asking', () => {
  test('paths, predicates, objects, functions', async () => {
    expect(await ask('$[total > 10].who', orders)).toEqual({
      value: ['Grace', ''],
      list: ['Grace', ''],
      found: true,
    })
    expect(await valueOf('$sum(total)', orders)).toBe(52.5)
    expect(await valueOf('{"by": $${who: total}, "first": $[0].who}', orders)).toEqual({
      by: { Ada: 0, Grace: 12.5, '': 40 },
      first: 'Ada',
    })
    expect(await valueOf('$map($, function($o, $i) { $string($i) & $o.who })', orders)).toEqual(['0Ada', '1Grace', '2'])
    expect(await valueOf('$^(>total).total', orders)).toEqual([40, 12.5, 0])
    expect(await valueOf('$ ~> |$[0]|{"who": "?"}, "tags"|', orders)).toMatchObject([{ who: '?', total: 0 }, {}, {}])
    expect(await valueOf('($first := $substring(?, 0, 1); $map(who, $first))', orders)).toEqual(['A', 'G', ''])
  })

  test('one match is no list, none is null: the list is always one', async () => {
    expect(await ask('$[who = "Ada"].total', orders)).toEqual({ value: 0, list: [0], found: true })
    expect(await ask('$[who = "Bob"].total', orders)).toEqual({ value: null, list: [], found: false })
    expect(await ask('$[0].tags', orders)).toEqual({ value: [], list: [], found: true })
  })

  test('empty values are asked and found', async () => {
    for (const value of ['', 0, false, null, {}]) {
      expect(await ask('$', value)).toEqual({ value, list: [value], found: true })
      expect(await ask('a', { a: value })).toEqual({ value, list: [value], found: true })
    }
  })

  test('names that the query does not set itself are inputs', async () => {
    const query = '($y := 1; orders@$o#$i[total > $limit].{"x": $map(tags, function($t) { $t & $mark }), "n": $now()})'
    expect(Object.keys(socketsOf(registry, { type: 'data/query', config: { query } })?.inputs ?? {})).toEqual([
      'from',
      'limit',
      'mark',
    ])
    expect(await valueOf('$[total >= $limit].who', orders, { limit: 40 })).toBe('')
    expect(await valueOf('$type($x)', orders, { x: null })).toBe('null')
    expect(await ask('$x', orders)).toMatchObject({ found: false })
  })

  test('a function is no value', async () => {
    expect(await ask('$sum')).toEqual({ value: null, list: [], found: false })
    expect(await valueOf('{"f": function($x) { $x }, "a": 1}')).toEqual({ a: 1 })
    expect(await valueOf('[$sum.constructor, constructor, __proto__, $lookup($, "toString")]')).toEqual([])
  })

  test('answers what JSONata itself answers', async () => {
    const queries = [
      '$distinct(a)',
      '$distinct(a.$)',
      '$sort(a.$)',
      '$spread(a)',
      '$spread(a.{"x": $, "y": 1})',
      '$sort(a)',
      '$sort(a, function($l, $r) { $l < $r })',
      '$join($map(a, $string), ",")',
    ]
    const lists = fc.oneof(
      fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 200 }),
      fc.array(fc.constantFrom('', 'a', 'B', 'ä', 'aa', '10', '9'), { maxLength: 200 }),
      fc.array(fc.constant(7), { minLength: 60, maxLength: 70 }),
    )
    await fc.assert(
      fc.asyncProperty(lists, fc.constantFrom(...queries), async (a, query) => {
        const expected: unknown = await jsonata(query).evaluate({ a })
        const plain = expected === undefined ? undefined : (JSON.parse(JSON.stringify(expected)) as Json)
        expect(await ask(query, { a })).toMatchObject(plain === undefined ? { found: false } : { value: plain })
      }),
      { numRuns: 300 },
    )
  })
})

describe('time and chance', () => {
  test('are those of the run', async () => {
    const query = '{"now": $now(), "ms": $millis(), "year": $now("[Y]"), "r": $random(), "s": $shuffle([1..20])}'
    const document = around('data/query', { config: { query }, inputs: { from: 1 } })
    const before = Date.now()
    const runs = await Promise.all([3, 3, 4].map(seed => runSpell(document, { inputs: { from: 1 }, seed })))
    const [first, again, other] = runs.map(({ outputs }) => outputs['value'] as JsonObject)
    expect(first?.['r']).toBe(again?.['r'])
    expect(first?.['s']).toEqual(again?.['s'])
    expect(first?.['s']).not.toEqual(other?.['s'])
    const shuffled = first?.['s'] as readonly number[]
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
    expect(first?.['ms']).toBeGreaterThanOrEqual(before)
    expect(first?.['now']).toBe(new Date(first?.['ms'] as number).toISOString())
    expect(first?.['year']).toBe(String(new Date().getUTCFullYear()))
    const { entries } = runs[0] ?? { entries: [] }
    expect(await replay(compile(document, registry), entries)).toEqual({ entries: entries.length })
  })
})

describe('regular expressions', () => {
  test('are RE2', async () => {
    expect(await valueOf('$match("a1 b22", /([a-z])(\\d+)/)')).toEqual([
      { match: 'a1', index: 0, groups: ['a', '1'] },
      { match: 'b22', index: 3, groups: ['b', '22'] },
    ])
    expect(await valueOf('$replace("John Smith", /(\\w+)\\s(\\w+)/, "$2, $1")')).toBe('Smith, John')
    expect(await valueOf('$split("a, b;c", /[,;]\\s*/)')).toEqual(['a', 'b', 'c'])
    expect(await valueOf('[$contains("ABC", /b/i), $contains("ABC", /b/)]')).toEqual([true, false])
    expect(await errorOf('$contains("a", /(?=a)/)')).toMatchObject({
      code: 'QUERY',
      message: expect.stringMatching(/^\/\(\?=a\)\/ is not a regular expression \(RE2\): /) as unknown,
      node: 'it',
    })
  })

  test('one that would take for ever elsewhere is quick', async () => {
    expect(await valueOf('$contains($, /^(a+)+$/)', `${'a'.repeat(5_000)}!`)).toBe(false)
  })
})

describe('what goes wrong', () => {
  test('the query tells where it is wrong, when it is checked', () => {
    const problem = (query: Json) => problemsOf('data/query', { query })
    expect(problem('a[')).toEqual([
      { path: 'config.query', message: 'Expected "]" before end of expression (at character 2)' },
    ])
    expect(problem('$f := ')).toEqual([
      { path: 'config.query', message: expect.stringContaining('end of expression') as unknown },
    ])
    expect(problem('')).toHaveLength(1)
    expect(problem('$in + 1')).toEqual([
      { path: 'config.query', message: '"$in" is the name of the flow input: call it otherwise' },
    ])
    expect(problem(5)).toEqual([{ path: 'config.query', message: 'expected a string, got 5' }])
    expect(problem('('.repeat(19_000))).toHaveLength(1)
    expect(problem('a'.repeat(20_001))).toEqual([{ path: 'config.query', message: 'is longer than 20000 characters' }])
  })

  test('and when it is evaluated', async () => {
    expect(await errorOf('1 + "a"')).toEqual({
      code: 'QUERY',
      message: 'The right side of the "+" operator must evaluate to a number (at character 3)',
      node: 'it',
    })
    expect(await errorOf('$error("not today")')).toMatchObject({
      code: 'QUERY',
      message: expect.stringContaining('not today') as unknown,
    })
    expect(await errorOf('$undefined()')).toMatchObject({ code: 'QUERY' })
    expect((await runNode('data/query')).error).toMatchObject({ code: 'NO_VALUE' })
  })
})

describe('a query that would never end', () => {
  const nested = `($a := ["x"]; ${Array.from({ length: 40 }, () => '$a := [[$a], [$a]];').join(' ')}`
  test.each<readonly [query: string, code: string]>([
    ['($f := function($x) { 1 + $f($x + 1) }; $f(0))', 'TOO_DEEP'],
    ['[1..1000000]', 'TOO_LONG'],
    ['$map([1..1000], function($x) { $map([1..1000], function($y) { [1..1000] }) })', 'TOO_LONG'],
    ['($f := function($s) { $f($s & $s) }; $f("ab"))', 'TOO_LONG'],
    ['$pad("", 1000000000)', 'TOO_LONG'],
    ['$pad("", 100000, $pad("", 100000, "x"))', 'TOO_LONG'],
    ['($s := $pad("", 1000000, "x"); $join($map([1..1000], function() { "" }), $s))', 'TOO_LONG'],
    ['($s := $pad("", 1000000, "x"); $replace($s, "x", $s))', 'TOO_LONG'],
    ['($s := $pad("", 1000000, "x"); $map([1..100000], function() { $s }))', 'TOO_LONG'],
    [`${nested} $a)`, 'TOO_LONG'],
    [`${nested} $string($a))`, 'TOO_LONG'],
    [`${nested} "" & $a)`, 'TOO_LONG'],
    ['($s := $pad("", 2000000, "x"); $string($ ~> |**[$exists(n)]|{"s": $s}|))', 'TOO_LONG'],
    [
      '($f := function($o, $i) { $i = 0 ? $o : $f($o ~> |$|{"a": $, "b": $}|, $i - 1) }; $string($f({"x": 1}, 60)))',
      'TOO_DEEP',
    ],
    ['$eval("[1..1000000]")', 'TOO_LONG'],
    ['$count($merge($map([1..3000], function($i) { {$string($i): [1]} })).*)', 'TOO_LONG'],
    ['$match($pad("", 190000, "a"), /a/)', 'TOO_LONG'],
    ['$contains($pad("", 300000, "a"), /b/)', 'TOO_LONG'],
    ['$toMillis($pad("", 90, "1") & "x", "[Y][M][D][H][m][s][f][d][W][X]")', 'TOO_LONG'],
    ['$fromMillis(0, $pad("", 100000, "[Y]"))', 'TOO_LONG'],
    ['$formatInteger(1000000000000, "I")', 'TOO_DEEP'],
  ])('%s', async (query, code) => {
    let [longest, last] = [0, performance.now()]
    const ticking = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }, 1)
    const from: Json = { n: 1, list: Array.from({ length: 200 }, (_, n) => ({ n: n + 1 })) }
    const error = await errorOf(query, from)
    clearInterval(ticking)
    // On a busy machine its time is over first.
    expect([code, 'TIMEOUT']).toContain(error?.code)
    expect(error?.node).toBe('it')
    expect(longest).toBeLessThan(10_000)
  })

  test('ends at its time', async () => {
    const config = { timeoutMs: 50 }
    expect(await errorOf('($f := function($x) { $f($x + 1) }; $f(0))', {}, config)).toMatchObject({
      code: 'TIMEOUT',
      message: 'the query took longer than 50 ms',
    })
  })

  test('is dropped with its run', async () => {
    const endless = around('data/query', {
      config: { query: '($f := function($x) { $f($x + 1) }; $f(0))', timeoutMs: 60_000 },
      inputs: { from: 1 },
    })
    const began = performance.now()
    const { status } = await runSpell(endless, {
      inputs: { from: 1 },
      onEntry: (entry, run) => void (entry.kind === 'node.started' && setTimeout(() => run.cancel('enough'), 30)),
    })
    expect(status).toBe('cancelled')
    expect(performance.now() - began).toBeLessThan(20_000)
  })

  test('large but honest ones are answered', async () => {
    const list = Array.from({ length: 7_000 }, (_, id) => ({ id, group: id % 7, name: `n${id}` }))
    expect(await valueOf('$count(list[group = 3 and id > 100])', { list })).toBe(986)
    expect(await valueOf('$count($distinct(list.name))', { list })).toBe(7_000)
    expect(await valueOf('$count($spread(list))', { list })).toBe(21_000)
    expect(await valueOf('$count($keys(list{name: id}))', { list: list.slice(0, 3_000) })).toBe(3_000)
    expect(await valueOf('$sort(list.name)[0]', { list })).toBe('n0')
    expect(await valueOf('$sum($each(list{ $string(group): $count(id) }, function($n) { $n }))', { list })).toBe(7_000)
  })
})
