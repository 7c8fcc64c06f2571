import type { NodeDocument, Wire } from '#graph/document.ts'
import type { Flow } from './flow.ts'
import type { InPort, OutPort } from './piece.ts'

/** Wires an output to an input, with nodes between them where the one gives something else than the other wants. */
export class Adapter {
  readonly wires: Wire[] = []
  readonly #flow: Flow
  readonly #made = new Map<string, string>()

  constructor(flow: Flow) {
    this.#flow = flow
  }

  connect(from: OutPort, to: InPort): void {
    const beside = from.end.slice(0, from.end.indexOf('.'))
    if (to.wants === 'prompt') return this.#prompt(from, to, beside)
    this.wires.push([
      to.wants === 'text'
        ? this.#text(from, beside)
        : to.wants === 'messages'
          ? this.#messages(from, beside)
          : this.value(from, beside),
      to.end,
    ])
  }

  /** The value as Rivet has it: of a message, all of it. */
  value(from: OutPort, beside: string): string {
    return from.role === undefined ? from.end : this.#message(from, beside)
  }

  #text(from: OutPort, beside: string): string {
    if (from.role !== undefined) return from.end
    switch (from.kind) {
      case 'list':
        return this.#make(from.end, beside, 'text', { type: 'text/join', config: { separator: '\n' } }, 'list', 'text')
      case 'mixed': {
        const node: NodeDocument = { type: 'text/template', config: { template: '{{join value "\n"}}' } }
        return this.#make(from.end, beside, 'text', node, 'value', 'text')
      }
      case 'message':
        return this.#make(from.end, beside, 'text', { type: 'data/get', config: { path: 'content' } }, 'from', 'value')
      case 'messages': {
        const texts = this.#make(
          from.end,
          beside,
          'texts',
          { type: 'data/map', config: { path: 'content' } },
          'list',
          'list',
        )
        return this.#make(texts, beside, 'text', { type: 'text/join', config: { separator: '\n' } }, 'list', 'text')
      }
      default:
        return from.end
    }
  }

  #message(from: OutPort, beside: string): string {
    if (from.kind === 'message') return from.end
    const role = from.role ?? 'user'
    const node: NodeDocument = { type: 'data/set', config: { path: 'content' }, values: { in: { role } } }
    return this.#make(this.#text(from, beside), beside, 'message', node, 'value', 'result')
  }

  #messages(from: OutPort, beside: string): string {
    if (from.kind === 'messages') return from.end
    const node: NodeDocument = { type: 'data/list', config: { count: 1 } }
    return this.#make(this.#message(from, beside), beside, 'messages', node, 'a', 'list')
  }

  /** A model here is asked with one text, and gets what was said before beside it. */
  #prompt(from: OutPort, to: InPort, beside: string): void {
    const isText =
      from.role === 'user' || (from.role === undefined && from.kind !== 'message' && from.kind !== 'messages')
    if (isText || to.before === undefined) {
      this.wires.push([this.#text(from, beside), to.end])
      return
    }
    const all = this.#messages(from, beside)
    const reversed = this.#make(all, beside, 'reversed', { type: 'data/reverse' }, 'list', 'list')
    const last: NodeDocument = { type: 'data/get', config: { path: '[0].content' } }
    this.wires.push([this.#make(reversed, beside, 'last', last, 'from', 'value'), to.end])
    const before: NodeDocument = { type: 'data/slice', config: { to: -1 } }
    this.wires.push([this.#make(all, beside, 'before', before, 'list', 'list'), to.before])
  }

  #make(from: string, beside: string, what: string, node: NodeDocument, input: string, output: string): string {
    const key = `${what}\n${from}`
    const known = this.#made.get(key)
    if (known !== undefined) return known
    const id = this.#flow.add(`${beside}-${what}`.slice(0, 60), beside, node)
    this.wires.push([from, `${id}.${input}`])
    this.#made.set(key, `${id}.${output}`)
    return `${id}.${output}`
  }
}
