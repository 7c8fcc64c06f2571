// Random spells for property tests.
import fc from 'fast-check'
import type { NodeDocument, SpellDocument, Wire } from './document.ts'
import { spell } from './kit.suite.ts'

/** What a random spell is grown from, step by step: numbers that choose. */
type Seed = readonly { readonly kind: number; readonly from: number; readonly data: number; readonly extra: number }[]

const seeds = (most: number): fc.Arbitrary<Seed> =>
  fc.array(
    fc.record({
      kind: fc.nat({ max: 99 }),
      from: fc.nat({ max: 99 }),
      data: fc.nat({ max: 99 }),
      extra: fc.nat({ max: 99 }),
    }),
    { minLength: 1, maxLength: most },
  )

/** Where a flow can go on: a flow output, the scope that it is in, and the values that can be read there. */
interface End {
  readonly output: string
  readonly scope: number
  readonly values: readonly string[]
}

/** Grows a spell in which every node is activated once in each scope: what it gives does not depend on the order of things. */
export const settledSpells: fc.Arbitrary<SpellDocument> = seeds(14).map(seed => {
  const nodes: Record<string, NodeDocument> = { start: { type: 'flow/start' } }
  const wires: Wire[] = []
  let ends: End[] = [{ output: 'start.out', scope: 0, values: [] }]
  let scopes = 1
  /** Adds a node that goes on from an end; answers its id. */
  const follow = (id: string, node: NodeDocument, end: End, input = 'in') => {
    nodes[id] = node
    wires.push([end.output, `${id}.${input}`])
    ends = ends.filter(one => one !== end)
  }
  seed.forEach(({ kind, from, data, extra }, index) => {
    const end = ends[from % ends.length]
    if (!end) return
    const id = `n${index}`
    const value = end.values.length > 0 ? end.values[data % end.values.length] : undefined
    const read = (input: string) => value !== undefined && wires.push([value, input])
    const go = (output: string, more: readonly string[] = []) =>
      void ends.push({ ...end, output, values: [...end.values, ...more] })
    if (kind < 25) {
      follow(id, { type: 'test/step', reuse: extra % 4 === 0 }, end)
      read(`${id}.a`)
      go(`${id}.out`, [`${id}.value`])
    } else if (kind < 50) {
      follow(id, { type: 'test/call', config: { ms: extra % 3 }, reuse: extra % 4 === 1 }, end)
      read(`${id}.a`)
      go(`${id}.out`, [`${id}.value`])
    } else if (kind < 60) {
      // A pure node between, read by what comes next.
      nodes[id] = { type: 'test/add', values: { b: extra } }
      read(`${id}.a`)
      ends = ends.map(one => (one === end ? { ...one, values: [...one.values, `${id}.sum`] } : one))
    } else if (kind < 72) {
      // Two ways at once, and later perhaps a join.
      follow(id, { type: 'test/step' }, end)
      go(`${id}.out`, [`${id}.value`])
      go(`${id}.out`, [`${id}.value`])
    } else if (kind < 76) {
      // Nothing but frames that close, one after the other: longer than a slice.
      follow(id, { type: 'flow/for-each', values: { list: Array.from({ length: 80 }, (_, at) => at) } }, end)
      wires.push([`${id}.item`, `${id}.result`])
      go(`${id}.done`, [`${id}.count`])
    } else if (kind < 84) {
      const scope = scopes++
      follow(
        id,
        { type: 'flow/for-each', config: { concurrency: 1 + (extra % 3) }, values: { list: [1, 2, extra] } },
        end,
      )
      nodes[`${id}b`] = { type: 'test/call', config: { ms: extra % 2 } }
      wires.push([`${id}.each`, `${id}b.in`], [`${id}.item`, `${id}b.a`], [`${id}b.value`, `${id}.result`])
      ends.push({ output: `${id}b.out`, scope, values: [...end.values, `${id}b.value`, `${id}.index`] })
      go(`${id}.done`, [`${id}.count`])
    } else if (kind < 92) {
      const other = ends.find(one => one !== end && one.scope === end.scope && one.output !== end.output)
      if (!other) return
      follow(id, { type: 'flow/join' }, end)
      wires.push([other.output, `${id}.in`])
      ends = ends.filter(one => one !== other)
      go(`${id}.out`, other.values)
    } else {
      follow(id, { type: 'test/fail', config: { later: extra % 2 === 0 }, retry: { attempts: 1 + (extra % 3) } }, end)
      go(`${id}.error`)
    }
  })
  // A failure that nobody catches ends the run, and then what else has happened depends on time.
  ends.forEach((end, index) => {
    if (end.scope === 0) return
    nodes[`end${index}`] = { type: 'test/step' }
    wires.push([end.output, `end${index}.in`])
  })
  const last = ends.filter(({ scope }) => scope === 0)
  last.forEach((end, index) => {
    nodes[`out${index}`] = { type: 'flow/output' }
    wires.push([end.output, `out${index}.in`])
    const value = end.values.at(-1)
    if (value) wires.push([value, `out${index}.value`])
    else nodes[`out${index}`] = { type: 'flow/output', values: { value: index } }
  })
  return spell(nodes, wires)
})

/** Wires whatever to whatever: loops, joins in loops, emissions, state. It runs, and must end; what it gives may depend on time. */
export const wildSpells: fc.Arbitrary<SpellDocument> = fc
  .record({
    types: fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 10 }),
    flows: fc.array(fc.tuple(fc.nat({ max: 99 }), fc.nat({ max: 99 }), fc.nat({ max: 3 })), { maxLength: 18 }),
    data: fc.array(fc.tuple(fc.nat({ max: 99 }), fc.nat({ max: 99 })), { maxLength: 10 }),
  })
  .map(({ types, flows, data }) => {
    const kinds: readonly (readonly [node: NodeDocument, outs: readonly string[], value: string, input: string])[] = [
      [{ type: 'test/step' }, ['out'], 'value', 'a'],
      [{ type: 'test/call' }, ['out'], 'value', 'a'],
      [{ type: 'test/count', values: { n: 2 } }, ['each', 'done'], 'i', 'n'],
      [{ type: 'flow/join' }, ['out'], '', ''],
      [{ type: 'flow/join', config: { mode: 'any' } }, ['out'], '', ''],
      [{ type: 'flow/for-each', values: { list: [1, 2] } }, ['each', 'done'], 'count', 'result'],
      [{ type: 'test/append' }, ['out'], '', 'value'],
      [{ type: 'test/fail', config: { times: 1 } }, ['out', 'error'], 'attempts', ''],
    ]
    const nodes: Record<string, NodeDocument> = { start: { type: 'flow/start' } }
    const chosen = types.map((type, index) => ({ id: `n${index}`, kind: kinds[type % kinds.length] ?? kinds[0] }))
    for (const { id, kind } of chosen) if (kind) nodes[id] = kind[0]
    const wires = new Map<string, Wire>([['start', ['start.out', 'n0.in']]])
    for (const [from, to, out] of flows) {
      const [source, target] = [chosen[from % chosen.length], chosen[to % chosen.length]]
      const outs = source?.kind?.[1] ?? []
      if (source && target)
        wires.set(`${from} ${to}`, [`${source.id}.${outs[out % outs.length] ?? 'out'}`, `${target.id}.in`])
    }
    for (const [from, to] of data) {
      const [source, target] = [chosen[from % chosen.length], chosen[to % chosen.length]]
      if (source?.kind?.[2] && target?.kind?.[3] && target.kind[3] !== 'n')
        wires.set(`d${from} ${to}`, [`${source.id}.${source.kind[2]}`, `${target.id}.${target.kind[3]}`])
    }
    return spell(nodes, [...wires.values()], { list: { initial: [] } })
  })
