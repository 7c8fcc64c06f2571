import type { NodeDocument, Wire } from '#graph/document.ts'
import type { Flow } from './flow.ts'
import type { Adapter } from './adapt.ts'
import type { Making, OutPort, Piece } from './piece.ts'
import { letter } from './text.ts'

/** A node that Rivet runs once for every item of the lists that it is given: the same within a *For each*. */
export function splitRun(making: Making, inner: Piece, flow: Flow, adapter: Adapter): Piece {
  const { id, node, usedInputs, usedOutputs, kinds } = making
  const { most, isSequential } = node.split ?? { most: 10, isSequential: false }
  const ports = usedInputs.filter(port => Object.hasOwn(inner.inputs, port))
  const [rows, each] = [flow.name(`${id}-rows`), flow.name(`${id}-each`)]
  const names = ports.map((_, index) => `value ${index + 1}`)
  const nodes: Record<string, NodeDocument> = {
    [rows]: {
      type: 'code/javascript',
      title: 'One for every item',
      config: { code: rowsCode(names, most), inputs: names, outputs: ['rows', 'count'] },
    },
    [each]: { type: 'flow/for-each', config: { concurrency: isSequential ? 1 : Math.min(1000, most) } },
    ...inner.nodes,
  }
  const wires: Wire[] = [
    [`${rows}.out`, `${each}.in`],
    [`${rows}.rows`, `${each}.list`],
    ...(inner.wires ?? []),
    ...(inner.flow ? [[`${each}.each`, inner.flow.in] as const] : []),
  ]
  ports.forEach((port, index) => {
    const item = flow.name(`${id}-item-${index + 1}`)
    nodes[item] = { type: 'data/get', config: { path: `[${index}]` } }
    wires.push([`${each}.item`, `${item}.from`])
    const kind = kinds.get(port)
    const one: OutPort = {
      end: `${item}.value`,
      ...(kind === 'message' || kind === 'messages' ? { kind: 'message' } : {}),
    }
    const to = inner.inputs[port]
    if (to) adapter.connect(one, to)
  })
  const outs = usedOutputs.filter(port => Object.hasOwn(inner.outputs, port)).slice(0, 26)
  return {
    ...inner,
    nodes: { ...nodes, ...resultNodes(id, outs, flow, wires, inner, adapter, each) },
    wires,
    inputs: Object.fromEntries(
      ports.map((port, index) => [
        port,
        { end: `${rows}.value ${index + 1}`, mayBeAbsent: inner.inputs[port]?.mayBeAbsent ?? false },
      ]),
    ),
    outputs: Object.fromEntries(
      outs.map((port, index): [string, OutPort] => [
        port,
        listOf(inner.outputs[port], outs.length === 1 ? `${each}.items` : `${id}-all-${index + 1}.list`),
      ]),
    ),
    flow: { in: `${rows}.in`, out: `${each}.done` },
    outcome: inner.outcome,
    note: [inner.note, 'it runs within a For each, once for every item'].filter(Boolean).join('; '),
  }
}

function listOf(port: OutPort | undefined, end: string): OutPort {
  return { end, kind: port?.role !== undefined || port?.kind === 'message' ? 'messages' : 'list' }
}

/** What one round gives: the only output, or all of them by their place. */
function resultNodes(
  id: string,
  outs: readonly string[],
  flow: Flow,
  wires: Wire[],
  inner: Piece,
  adapter: Adapter,
  each: string,
): Record<string, NodeDocument> {
  const nodes: Record<string, NodeDocument> = {}
  const ends = outs.map(port => adapter.value(inner.outputs[port] ?? { end: `${id}.${port}` }, id))
  if (ends.length < 2) {
    for (const end of ends) wires.push([end, `${each}.result`])
    return nodes
  }
  const merged = flow.name(`${id}-round`)
  nodes[merged] = { type: 'data/merge', config: { count: ends.length } }
  wires.push([`${merged}.object`, `${each}.result`])
  ends.forEach((end, index) => {
    const named = flow.name(`${id}-named-${index + 1}`)
    nodes[named] = { type: 'data/set', config: { path: `v${index + 1}` } }
    nodes[`${id}-all-${index + 1}`] = { type: 'data/map', config: { path: `v${index + 1}` } }
    wires.push(
      [end, `${named}.value`],
      [`${named}.result`, `${merged}.${letter(index)}`],
      [`${each}.items`, `${id}-all-${index + 1}.list`],
    )
  })
  return nodes
}

/** As many rounds as the longest list has items; what is no list is the same in all. */
function rowsCode(names: readonly string[], most: number): string {
  return [
    `const given = ${JSON.stringify(names)}.map(name => inputs[name])`,
    `const count = Math.min(${most}, Math.max(1, ...given.map(one => Array.isArray(one) ? one.length : 1)))`,
    `const isEmpty = given.some(Array.isArray) && given.every(one => !Array.isArray(one) || one.length === 0)`,
    'const rows = Array.from({ length: isEmpty && given.length === 1 ? 0 : count }, (_, index) => given.map(one => (Array.isArray(one) ? one[index] : one) ?? null))',
    'return { rows, count: rows.length }',
  ].join('\n')
}
