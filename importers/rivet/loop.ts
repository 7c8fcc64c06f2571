import type { NodeDocument, Wire } from '#graph/document.ts'
import type { InPort, Making, OutPort, Piece } from './piece.ts'
import { noted, numbered, numberOf, textOf, titled } from './piece.ts'
import { AS_BOOLEAN } from './logic.ts'
import type { Loop } from './order.ts'

/** A loop controller in three parts: what it begins with, the *While* itself, and the end of each round. */
export interface LoopPiece {
  readonly piece: Piece
  /** Flow of each round, and after the last. */
  readonly each: string
  readonly done: string
  /** The end of a round: where its values go, by the controller's port. */
  readonly round: {
    readonly in: string
    readonly inputs: Readonly<Record<string, string>>
    /** Where values go that are read after the loop though they come from within. */
    carry(index: number): { readonly to: string; readonly end: string }
  }
}

export function loopPiece(making: Making, loop: Loop): LoopPiece {
  const { id, node, usedInputs } = making
  const names: Names = {
    ports: numbered([...usedInputs, ...usedInputs.map(port => port.replace(/Default$/, ''))], 'input'),
    carried: loop.crossing.map((_, index) => `carried ${index + 1}`),
    isBack: new Set(loop.back.map(({ input }) => input)),
    goesOn: usedInputs.includes('continue'),
  }
  const round = `${id}-round`
  const most = Math.max(1, numberOf(node.data, 'maxIterations') ?? 100)
  return {
    piece: {
      nodes: { ...frameOf(making, most), ...codeOf(id, names), ...valuesOf(id, names) },
      wires: wiresOf(id, names),
      inputs: inputsOf(id, names),
      outputs: {
        break: { end: `${id}-break.value`, kind: 'list' },
        iteration: { end: `${id}-iteration.result` },
        ...Object.fromEntries(
          names.ports.map((_, index): [string, OutPort] => [
            `output${index + 1}`,
            { end: `${id}-output-${index + 1}.value`, kind: 'mixed' },
          ]),
        ),
      },
      flow: { in: `${id}-begin.in`, out: `${id}.done` },
      ...noted(
        textOf(node.data, 'atMaxIterationsAction') !== 'break' && `after ${most} rounds it breaks; Rivet fails then`,
      ),
    },
    each: `${id}.each`,
    done: `${id}.done`,
    round: {
      in: `${round}.in`,
      inputs: {
        ...Object.fromEntries(
          names.ports.flatMap((port, index) =>
            [port, `${port}Default`].map(one => [one, `${round}.${valueName(index)}`] as const),
          ),
        ),
        continue: `${round}.go`,
      },
      carry: index => ({ to: `${round}.carried ${index + 1}`, end: `${id}-carried-${index + 1}.value` }),
    },
  }
}

interface Names {
  readonly ports: readonly string[]
  readonly carried: readonly string[]
  /** Ports that the body comes back to. */
  readonly isBack: ReadonlySet<string>
  /** Whether anything is wired to `continue`. */
  readonly goesOn: boolean
}

const valueName = (index: number) => `value ${index + 1}`

/** The *While*, and what it asks before each round. */
function frameOf({ id, node }: Making, most: number): Record<string, NodeDocument> {
  return {
    [id]: { type: 'flow/while', ...titled(node) },
    [`${id}-goes`]: { type: 'data/get', config: { path: 'go' } },
    [`${id}-below`]: { type: 'logic/compare', config: { operator: 'is less than' }, values: { b: most } },
    [`${id}-both`]: { type: 'logic/and', config: { count: 2 } },
  }
}

/** What a loop begins with, and what each round leaves. */
function codeOf(id: string, { ports, carried, isBack, goesOn }: Names): Record<string, NodeDocument> {
  const values = ports.map((_, index) => valueName(index))
  const list = (names: readonly string[]) => `${JSON.stringify(names)}.map(name => inputs[name] ?? null)`
  const asked = "'go' in inputs && isTrue(inputs.go)"
  const node = (title: string, code: string, inputs: readonly string[], output: string): NodeDocument => ({
    type: 'code/javascript',
    title,
    config: { code: `${AS_BOOLEAN}\n${code}`, inputs: [...inputs], outputs: [output, 'ran'] },
  })
  const first = `return { first: { go: ${goesOn && !isBack.has('continue') ? asked : 'true'}, inputs: ${list(values)} }, ran: true }`
  const next = `return { next: { go: ${goesOn ? asked : 'true'}, inputs: ${list(values)}, carried: ${list(carried)} }, ran: true }`
  return {
    [`${id}-begin`]: node('Begin with', first, [...values, 'go'], 'first'),
    [`${id}-round`]: node('End of the round', next, [...values, 'go', ...carried], 'next'),
  }
}

/** What is read of it, within and after. */
function valuesOf(id: string, { ports, carried }: Names): Record<string, NodeDocument> {
  const get = (path: string): NodeDocument => ({ type: 'data/get', config: { path } })
  return {
    [`${id}-break`]: get('inputs'),
    [`${id}-iteration`]: { type: 'math/calculate', config: { expression: 'index + 1' } },
    ...Object.fromEntries(ports.map((_, index) => [`${id}-output-${index + 1}`, get(`inputs[${index}]`)])),
    ...Object.fromEntries(carried.map((_, index) => [`${id}-carried-${index + 1}`, get(`carried[${index}]`)])),
  }
}

function wiresOf(id: string, { ports, carried }: Names): readonly Wire[] {
  return [
    [`${id}-begin.out`, `${id}.in`],
    [`${id}-begin.first`, `${id}.initial`],
    [`${id}.value`, `${id}-goes.from`],
    [`${id}.index`, `${id}-below.a`],
    [`${id}-goes.value`, `${id}-both.a`],
    [`${id}-below.result`, `${id}-both.b`],
    [`${id}-both.result`, `${id}.condition`],
    [`${id}-round.next`, `${id}.next`],
    [`${id}.last`, `${id}-break.from`],
    [`${id}.index`, `${id}-iteration.index`],
    ...ports.map((_, index): Wire => [`${id}.value`, `${id}-output-${index + 1}.from`]),
    ...carried.map((_, index): Wire => [`${id}.last`, `${id}-carried-${index + 1}.from`]),
  ]
}

function inputsOf(id: string, { ports, isBack, goesOn }: Names): Record<string, InPort> {
  const begin = (index: number): InPort => ({ end: `${id}-begin.${valueName(index)}` })
  return {
    ...Object.fromEntries(ports.map((port, index) => [`${port}Default`, begin(index)])),
    ...Object.fromEntries(ports.flatMap((port, index) => (isBack.has(port) ? [] : [[port, begin(index)]]))),
    ...(goesOn && !isBack.has('continue') ? { continue: { end: `${id}-begin.go`, mayBeAbsent: true } } : {}),
  }
}
