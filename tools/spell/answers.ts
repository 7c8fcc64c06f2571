import type { NodeAnswer, NodeContext, NodeResult, NodeType, Registry } from '#graph/define.ts'
import { NodeFailure } from '#graph/define.ts'
import type { NodeEmitted, NodeEnded, NodeFailed, StateChanged } from '#graph/journal.ts'
import type { Json, Values } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import type { Plan, PlanNode } from '#graph/plan.ts'
import { effectOf } from '#graph/registry.ts'
import { replay } from '#graph/replay.ts'
import type { Observed } from '#graph/run.ts'
import { kindOfAnswer } from '#graph/values.ts'
import type { Recording } from './recording.ts'

/** What one activation did in the recorded run, in order; its end or failure is the last. */
interface Answer {
  readonly activation: string
  readonly steps: (NodeEmitted | NodeEnded | NodeFailed | StateChanged)[]
}

/** What nodes that reach outside answered in a recorded run: they are not asked again where they would be asked the same. */
export class Answers {
  /** By what was asked; those that are taken are gone. */
  readonly #answers: Map<string, Answer[]>
  readonly #order = new Order()
  readonly #paths = new Map<string, string>()
  /** Executions for which there was no answer, by node. */
  readonly anew = new Map<string, number>()

  private constructor(answers: Map<string, Answer[]>) {
    this.#answers = answers
  }

  /** Reads them from a recording, following it to its end. Rejects where it does not follow from the plan. */
  static async of(plan: Plan, { entries }: Recording): Promise<{ answers: Answers; followed: number }> {
    const asked = new Map<string, Values>()
    const observe = ({ activation, node, inputs }: Observed) => void asked.set(`${activation} ${node}`, inputs)
    const { entries: followed } = await replay(plan, entries, { observe })
    const answers = new Map<string, Answer[]>()
    const open = new Map<string, Answer>()
    for (const entry of entries) {
      if (!isStep(entry)) continue
      const answer = open.get(entry.activation) ?? { activation: entry.activation, steps: [] }
      open.set(entry.activation, answer)
      answer.steps.push(entry)
      const node = nodeAt(plan, entry.node)
      const inputs = asked.get(`${entry.activation} ${entry.node}`)
      if (entry.kind !== 'node.ended' && entry.kind !== 'node.failed') continue
      open.delete(entry.activation)
      if (!node || !inputs) continue
      const key = keyOf(entry.node, node.type.type, node.config, inputs)
      const known = answers.get(key)
      if (known) known.push(answer)
      else answers.set(key, [answer])
    }
    return { answers: new Answers(answers), followed }
  }

  /** The node types, with those that reach outside answering from the record first, and those that look at the clock or draw lots, too. */
  within(registry: Registry): Registry {
    return new Map(
      [...registry].map(([name, type]) => {
        const { run } = type
        if (!run || type.kind === 'pure') return [name, type]
        const answering =
          effectOf(type) === 'pure'
            ? (inputs: Values, context: NodeContext) => this.#observeChance(name, run, inputs, context)
            : (inputs: Values, context: NodeContext) => this.#answer(name, inputs, context) ?? run(inputs, context)
        return [name, { ...type, run: answering }]
      }),
    )
  }

  /** Must see every activation before it runs: a node does not know its own path. */
  readonly observe = ({ activation, node }: Observed): void => {
    this.#paths.set(activation, node)
  }

  #answer(type: string, inputs: Values, context: NodeContext): NodeAnswer {
    const answer = this.#take(type, inputs, context)
    if (answer) return this.#repeat(answer, context)
    const path = this.#pathOf(context)
    this.anew.set(path, (this.anew.get(path) ?? 0) + 1)
    return undefined
  }

  /** What a node without effect says at once is what it said then, where it took the time or a random number. */
  #observeChance(type: string, run: NonNullable<NodeType['run']>, inputs: Values, context: NodeContext): NodeAnswer {
    let isChance = false
    const watched = new Proxy(context, {
      get(target, name) {
        if (name === 'now' || name === 'random') isChance = true
        return Reflect.get(target, name, target) as unknown
      },
    })
    const said = run(inputs, watched)
    const last = isChance && kindOfAnswer(said) === 'now' ? this.#take(type, inputs, context)?.steps.at(-1) : undefined
    return last?.kind === 'node.ended' ? { outputs: { ...last.outputs }, pulse: last.pulses } : said
  }

  #take(type: string, inputs: Values, context: NodeContext): Answer | undefined {
    const known = this.#answers.get(keyOf(this.#pathOf(context), type, context.config, inputs)) ?? []
    const same = known.findIndex(answer => answer.activation === activationOf(context))
    return known.splice(Math.max(0, same), 1)[0]
  }

  #pathOf(context: NodeContext): string {
    return this.#paths.get(activationOf(context)) ?? context.node
  }

  #repeat({ steps }: Answer, context: NodeContext): NodeAnswer {
    return steps.some(step => step.kind === 'node.emitted')
      ? this.#emit(steps, context)
      : this.#emit(steps, context)
          .next()
          .then(({ value }) => value)
  }

  async *#emit(steps: Answer['steps'], { state }: NodeContext): AsyncGenerator<NodeResult, NodeResult | undefined> {
    for (const step of steps) {
      if (step.kind === 'state.changed') {
        state.set(step.key, step.value)
        continue
      }
      await this.#order.turn(step.seq)
      if (step.kind === 'node.failed') throw new NodeFailure(step.error.code, step.error.message, { retry: false })
      const { outputs, pulses: pulse } = step
      if (step.kind === 'node.emitted') yield { outputs: { ...outputs }, pulse }
      else return { outputs: { ...outputs }, pulse, ...(step.usage ? { usage: step.usage } : {}) }
    }
    return undefined
  }
}

/** Answers come in the order in which they came in the recorded run, one in a turn of the event loop. */
class Order {
  readonly #waiting: { readonly seq: number; readonly go: () => void }[] = []

  turn(seq: number): Promise<void> {
    return new Promise(go => {
      if (this.#waiting.push({ seq, go }) === 1) setImmediate(this.#next)
    })
  }

  readonly #next = (): void => {
    this.#waiting.sort((one, other) => one.seq - other.seq)
    this.#waiting.shift()?.go()
    if (this.#waiting.length > 0) setImmediate(this.#next)
  }
}

function activationOf({ idempotencyKey, run }: NodeContext): string {
  return idempotencyKey.slice(run.length + 1)
}

/** What was asked: the node, how it is set up, what it read. */
function keyOf(path: string, type: string, config: Json, inputs: Values): string {
  return canonical([path, type, config, inputs])
}

/** JSON with the keys of objects in order. */
export function canonical(value: Json): string {
  return JSON.stringify(value, (_, inner: Json) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  )
}

function isStep(entry: Recording['entries'][number]): entry is Answer['steps'][number] {
  return (
    entry.kind === 'node.emitted' ||
    entry.kind === 'node.ended' ||
    entry.kind === 'state.changed' ||
    (entry.kind === 'node.failed' && entry.final)
  )
}

/** The node that a path of sub-spells leads to. */
function nodeAt(plan: Plan, path: string): PlanNode | undefined {
  let at: Plan | undefined = plan
  let found: PlanNode | undefined
  for (const id of path.split('/')) {
    found = at?.nodes.find(node => node.id === id)
    at = found?.inner
  }
  return found
}
