import type { Activation, Answer } from './activation.ts'
import type { Engine } from './engine.ts'
import { NodeFailure } from './define.ts'
import type { NodeResult } from './define.ts'
import type { Json, Values } from './json.ts'
import { MOST_BUFFERED } from './limits.ts'
import { RunRefusal } from './refusal.ts'
import type { Standing, WaitingFor } from './run.ts'
import { readOutputs, readPulses } from './values.ts'
import { readAnswer } from './waiting.ts'

/** What people and other programs do with a run at work: pause, play, step, answer, send. Each enters the journal where it happens. */
export class Controls {
  readonly #engine: Engine
  /** Left at work by an interrupted run, and not gone on with yet; with the turn that each was at. */
  #left = new Map<Activation, number>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** The journal has been followed to its end. Time passes for what waits, whether the run is paused or not. */
  takeOver(): void {
    const { pending, executor } = this.#engine
    for (const activation of pending.values()) {
      // Those that have a turn began after the journal's end.
      if (activation.turn > 0) continue
      if (activation.waits) executor.resume(activation)
      else this.#left.set(activation, 0)
    }
    this.#goOnWithLeft()
  }

  #goOnWithLeft(): void {
    if (this.#engine.pausing.paused) return
    const left = [...this.#left]
    this.#left.clear()
    // One may end at once, and close frames: these come before the next, as when the journal is followed.
    for (const [activation, turn] of left)
      this.#engine.defer(() => {
        if (activation.turn === turn) this.#engine.executor.resume(activation)
      })
  }

  #isAtWork(activation: Activation): boolean {
    if (activation.waits || activation.listening) return false
    return this.#left.size === 0 || this.#left.get(activation) !== activation.turn
  }

  get isBusy(): boolean {
    for (const activation of this.#engine.pending.values()) {
      const { effect, type } = activation.node
      if ((effect === 'unsafe' || type.keyed) && this.#isAtWork(activation)) return true
    }
    return false
  }

  get standing(): Exclude<Standing, 'ended'> {
    const { pending, pausing, queue, scopes } = this.#engine
    let waiting = false
    for (const activation of pending.values()) {
      if (this.#isAtWork(activation)) return 'working'
      waiting ||= activation.waits !== undefined
    }
    if (pausing.paused) return 'paused'
    if (!queue.isEmpty || pending.size === 0 || scopes.isClosing) return 'working'
    return waiting ? 'waiting' : 'listening'
  }

  get waits(): readonly WaitingFor[] {
    const found: WaitingFor[] = []
    for (const { id, path, waits } of this.#engine.pending.values()) {
      if (!waits) continue
      const { reason, prompt, form, until } = waits
      found.push({
        activation: id,
        node: path,
        reason,
        ...(prompt === undefined ? {} : { prompt }),
        ...(form === undefined ? {} : { form }),
        ...(until === undefined ? {} : { until }),
      })
    }
    return found
  }

  get wakesAt(): number | undefined {
    const times = this.waits.flatMap(({ until }) => (until === undefined ? [] : [until]))
    return times.length > 0 ? Math.min(...times) : undefined
  }

  pause(): void {
    this.#mustBeLive()
    const { pausing, record } = this.#engine
    this.#engine.guard(() => {
      if (pausing.paused) return
      record.paused('asked', undefined)
      pausing.pause('asked')
      this.#engine.pump()
    })
  }

  play(step: boolean): void {
    this.#mustBeLive()
    const { pausing, record, queue } = this.#engine
    this.#engine.guard(() => {
      if (!pausing.paused) return
      record.resumed(step, pausing.takeFresh())
      pausing.play(step, queue.peek())
      this.#goOnWithLeft()
      this.#engine.pump()
    })
  }

  /** Of a paused run they count from when it is played. */
  setBreakpoints(nodes: Iterable<string>): void {
    this.#mustBeLive()
    const { pausing, record } = this.#engine
    this.#engine.guard(() => {
      pausing.breakpoints = nodes
      if (!pausing.paused) record.resumed(false, pausing.takeFresh())
    })
  }

  answer(id: string, answer: Answer): void {
    this.#mustBeLive()
    const activation = this.#engine.pending.get(id)
    const fitting = readAnswer(activation, id, answer, this.#engine.limits)
    this.#engine.guard(() => {
      // Its deadline may have passed while frames were being closed.
      if (!activation?.waits) return
      this.#engine.executor.answer(activation, fitting)
      this.#engine.pump()
    })
  }

  send(name: string, message: Json): void {
    this.#mustBeLive()
    const { pending, busy } = this.#engine
    const sources = [...pending.values()].filter(({ listening, node }) => listening && node.name === name)
    if (sources.length === 0) throw new RunRefusal('NOT_LISTENING', [{ path: 'name', message: this.#whoListens(name) }])
    if (busy >= MOST_BUFFERED)
      throw new RunRefusal('BUSY', [
        { path: 'message', message: `${MOST_BUFFERED} are waiting to be worked on: try again` },
      ])
    const results = sources.map(source => this.#read(source, message))
    this.#engine.guard(() => {
      sources.forEach((source, index) =>
        this.#engine.executor.received(source, results[index] ?? { outputs: {}, pulses: [] }),
      )
      this.#engine.pump()
    })
  }

  #read({ node }: Activation, message: Json): { outputs: Values; pulses: readonly string[] } {
    try {
      const result: NodeResult | undefined = node.type.receive?.(message, node.config)
      return { outputs: readOutputs(result, this.#engine.limits), pulses: readPulses(result, node.emitPulses) }
    } catch (error) {
      if (!(error instanceof NodeFailure)) throw error
      throw new RunRefusal('INVALID', [{ path: 'message', message: error.message, node: node.id }])
    }
  }

  #whoListens(name: string): string {
    const names = new Set(
      [...this.#engine.pending.values()].filter(({ listening }) => listening).map(({ node }) => node.name),
    )
    return `no source "${name}" listens; ${names.size > 0 ? `those that do: ${[...names].join(', ')}` : 'none does'}`
  }

  #mustBeLive(): void {
    if (this.#engine.standing === 'ended') throw new RunRefusal('NOT_WAITING', [{ path: 'run', message: 'has ended' }])
    if (!this.#engine.isLive)
      throw new RunRefusal('BUSY', [{ path: 'run', message: 'is being taken up again: try again' }])
  }
}
