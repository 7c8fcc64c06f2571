// LangGraph.js, as its guide tells: a state with one annotation, nodes that answer what they change, `stream` with "updates", which
// gives one event per node. No checkpointer: with one it would keep the whole state after each step, which makes it slower.
// A loop is a conditional edge back; the recursion limit is raised, as it must be. What it does in a step it does for all nodes
// that are ready (a superstep); values pass through the state alone.
import { loadPeer } from '../../peers/load.ts'
import type { Contender, Shape, Wait } from '../contender.ts'
import { toEvent } from '../limit.ts'

interface State {
  readonly value: number
  readonly round: number
}
interface Compiled {
  stream(input: State, options: object): Promise<AsyncIterable<Record<string, Partial<State>>>>
}
interface Graph {
  addNode(name: string, work: (state: State) => Partial<State> | Promise<Partial<State>>): void
  addEdge(from: string | readonly string[], to: string): void
  addConditionalEdges(from: string, choose: (state: State) => string): void
  compile(): Compiled
}
interface LangGraph {
  Annotation: {
    <T>(options: { reducer: (before: T, now: T) => T; default: () => T }): object
    Root(fields: object): object
  }
  StateGraph: new (state: object) => Graph
  START: string
  END: string
}

// It asks for these at import to send what runs to LangSmith; nothing is to leave this machine.
for (const name of ['LANGSMITH_TRACING', 'LANGCHAIN_TRACING_V2']) process.env[name] = 'false'
const { Annotation, StateGraph, START, END } = await loadPeer<LangGraph>('@langchain/langgraph')

export const contender: Contender = {
  name: 'LangGraph.js 1.7 (an event per node)',
  overlaps: true,
  open(shape, wait) {
    const graph = toGraph(shape, wait)
    return async () => {
      const events: object[] = []
      let last: unknown
      const input = { value: 0, round: 0 }
      const updates = await graph.stream(input, { streamMode: 'updates', recursionLimit: 10_000_000 })
      for await (const update of updates)
        for (const [node, change] of Object.entries(update))
          if (node !== 'join') {
            last = change.value
            events.push(toEvent(events.length + 1, node, change.value ?? null))
          }
      return { steps: events.length, last }
    }
  },
}

function toGraph(shape: Shape, wait: Wait | undefined): Compiled {
  const latest = <T>(initial: T) => Annotation<T>({ reducer: (_before, now) => now, default: () => initial })
  const graph = new StateGraph(Annotation.Root({ value: latest(0), round: latest(0) }))
  const names = Array.from({ length: shape.count }, (_, i) => `s${i}`)
  names.forEach((name, i) => {
    if (wait)
      graph.addNode(name, async ({ value }) => {
        await wait(value)
        return { value: value + 1 }
      })
    else if (shape.kind === 'fan') graph.addNode(name, () => ({ value: i + 1 }))
    else if (shape.kind === 'loop' && i === 0)
      graph.addNode(name, ({ round }) => ({ value: round + 1, round: round + 1 }))
    else graph.addNode(name, ({ value }) => ({ value: value + 1 }))
    if (shape.kind === 'fan') graph.addEdge(START, name)
    else graph.addEdge(i === 0 ? START : `s${i - 1}`, name)
  })
  const end = `s${shape.count - 1}`
  if (shape.kind === 'loop') graph.addConditionalEdges(end, ({ round }) => (round < shape.times ? 's0' : END))
  else if (shape.kind === 'fan') {
    graph.addNode('join', () => ({}))
    graph.addEdge(names, 'join')
    graph.addEdge('join', END)
  } else graph.addEdge(end, END)
  return graph.compile()
}
