import type { Activation } from './activation.ts'

/** Ready activations, first in, first out. Taking one moves an index, not the others. */
export class ActivationQueue {
  #items: (Activation | undefined)[] = []
  #head = 0

  get isEmpty(): boolean {
    return this.#head >= this.#items.length
  }

  push(activation: Activation): void {
    this.#items.push(activation)
  }

  shift(): Activation | undefined {
    const activation = this.#items[this.#head]
    if (!activation) return undefined
    this.#items[this.#head++] = undefined
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return activation
  }

  /** What {@link shift} takes next. */
  peek(): Activation | undefined {
    return this.#items[this.#head]
  }

  get size(): number {
    return this.#items.length - this.#head
  }

  clear(): void {
    this.#items = []
    this.#head = 0
  }
}
