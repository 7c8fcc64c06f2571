import type { Block } from './parser.ts'

const MOST_OF_LIST = 2 ** 15
const MOST_LEVELS = 10

/** A list as lines, `- item` or `1. item`, what is within it two letters further in. */
export class HtmlList {
  #lines: string[] = []
  #length = 0
  /** The number of the next item of each list that is open; undefined: it has none. */
  readonly #numbers: (number | undefined)[] = []
  #marker: string | undefined

  begin(from: number | undefined): void {
    this.#numbers.push(from !== undefined && Number.isFinite(from) ? from : undefined)
  }

  item(): void {
    const number = this.#numbers.at(-1)
    this.#marker = number === undefined ? '- ' : `${number}. `
    if (number !== undefined) this.#numbers[this.#numbers.length - 1] = number + 1
  }

  /** Text of the item that is open. */
  add(text: string, emit: (block: Block) => void): void {
    const indent = '  '.repeat(Math.max(0, Math.min(this.#numbers.length, MOST_LEVELS) - 1))
    const line = `${indent}${this.#marker ?? '  '}${text.replaceAll('\n', ' ')}`
    this.#marker = undefined
    this.#lines.push(line)
    this.#length += line.length
    if (this.#length > MOST_OF_LIST) emit({ kind: 'list', text: this.take() })
  }

  /** Ends one list; answers how many are open still. */
  end(): number {
    this.#numbers.pop()
    return this.#numbers.length
  }

  take(): string {
    this.#length = 0
    return this.#lines.splice(0).join('\n')
  }
}
