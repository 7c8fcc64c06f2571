import type { Making, OutPort, Piece } from './piece.ts'
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
  const ports = numbered([...usedInputs, ...usedInputs.map(port => port.replace(/Default$/, ''))], 'input')
  const isBack = new Set(loop.back.map(({ input }) => input))
  const [first, goes, below, both, round] = ['begin', 'goes', 'below', 'both', 'round'].map(one => `${id}-${one}`) as [
    string,
    string,
    string,
    string,
    string,
  ]
  const most = Math.max(1, numberOf(node.data, 'maxIterations') ?? 100)
  const values = ports.map((_, index) => `value ${index + 1}`)
  const carried = loop.crossing.map((_, index) => `carried ${index + 1}`)
  const config = (code: string, inputs: readonly string[], output: string) => ({
    code,
    inputs: [...inputs],
    outputs: [output, 'ran'],
  })
  const body = `${AS_BOOLEAN}\nconst inputs_ = ${JSON.stringify(values)}.map(name => inputs[name] ?? null)`
  const goesOn = usedInputs.includes('continue')
  const outer = goesOn && !isBack.has('continue') ? "'go' in inputs && isTrue(inputs.go)" : 'true'
  const piece: Piece = {
    nodes: {
      [id]: { type: 'flow/while', ...titled(node) },
      [first]: {
        type: 'code/javascript',
        title: 'Begin with',
        config: config(
          `${body}\nreturn { first: { go: ${outer}, inputs: inputs_ }, ran: true }`,
          [...values, 'go'],
          'first',
        ),
      },
      [goes]: { type: 'data/get', config: { path: 'go' } },
      [below]: { type: 'logic/compare', config: { operator: 'is less than' }, values: { b: most } },
      [both]: { type: 'logic/and', config: { count: 2 } },
      [round]: {
        type: 'code/javascript',
        title: 'End of the round',
        config: config(
          `${body}\nconst go = ${goesOn ? "'go' in inputs && isTrue(inputs.go)" : 'true'}\nreturn { next: { go, inputs: inputs_, carried: ${JSON.stringify(carried)}.map(name => inputs[name] ?? null) }, ran: true }`,
          [...values, 'go', ...carried],
          'next',
        ),
      },
      [`${id}-break`]: { type: 'data/get', config: { path: 'inputs' } },
      [`${id}-iteration`]: { type: 'math/calculate', config: { expression: 'index + 1' } },
      ...Object.fromEntries(
        ports.map((_, index) => [
          `${id}-output-${index + 1}`,
          { type: 'data/get', config: { path: `inputs[${index}]` } },
        ]),
      ),
      ...Object.fromEntries(
        carried.map((_, index) => [
          `${id}-carried-${index + 1}`,
          { type: 'data/get', config: { path: `carried[${index}]` } },
        ]),
      ),
    },
    wires: [
      [`${first}.out`, `${id}.in`],
      [`${first}.first`, `${id}.initial`],
      [`${id}.value`, `${goes}.from`],
      [`${id}.index`, `${below}.a`],
      [`${goes}.value`, `${both}.a`],
      [`${below}.result`, `${both}.b`],
      [`${both}.result`, `${id}.condition`],
      [`${round}.next`, `${id}.next`],
      [`${id}.last`, `${id}-break.from`],
      [`${id}.index`, `${id}-iteration.index`],
      ...ports.map((_, index) => [`${id}.value`, `${id}-output-${index + 1}.from`] as const),
      ...carried.map((_, index) => [`${id}.last`, `${id}-carried-${index + 1}.from`] as const),
    ],
    inputs: {
      ...Object.fromEntries(
        ports.flatMap((port, index) => [
          [`${port}Default`, { end: `${first}.value ${index + 1}` }],
          ...(isBack.has(port) ? [] : [[port, { end: `${first}.value ${index + 1}` }]]),
        ]),
      ),
      ...(goesOn && !isBack.has('continue') ? { continue: { end: `${first}.go`, mayBeAbsent: true } } : {}),
    },
    outputs: {
      break: { end: `${id}-break.value`, kind: 'list' },
      iteration: { end: `${id}-iteration.result` },
      ...Object.fromEntries(
        ports.map((_, index): [string, OutPort] => [`output${index + 1}`, { end: `${id}-output-${index + 1}.value` }]),
      ),
    },
    flow: { in: `${first}.in`, out: `${id}.done` },
    ...noted(
      textOf(node.data, 'atMaxIterationsAction') !== 'break' && `after ${most} rounds it breaks; Rivet fails then`,
    ),
  }
  return {
    piece,
    each: `${id}.each`,
    done: `${id}.done`,
    round: {
      in: `${round}.in`,
      inputs: {
        ...Object.fromEntries(
          ports.flatMap((port, index) => [
            [port, `${round}.value ${index + 1}`],
            [`${port}Default`, `${round}.value ${index + 1}`],
          ]),
        ),
        continue: `${round}.go`,
      },
      carry: index => ({ to: `${round}.carried ${index + 1}`, end: `${id}-carried-${index + 1}.value` }),
    },
  }
}
