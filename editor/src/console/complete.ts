import { interfaceOf } from '#graph/interface.ts'
import type { CommandHost } from './commands.ts'
import { COMMANDS, fieldsOf } from './commands.ts'

/** What a line can become, and what fits at its end. */
export interface Completion {
  /** The line, longer by what all that fits has in common. */
  readonly line: string
  readonly options: readonly string[]
}

/** Completes the last word of a console line: commands, nodes, fields. */
export function complete(line: string, host: Pick<CommandHost, 'document' | 'registry' | 'view'>): Completion {
  const words = line.trimStart().split(/\s+/)
  const begun = words.pop() ?? ''
  const options = candidates(words, host).filter(one => one.startsWith(begun))
  const [only, ...more] = options
  if (only === undefined) return { line, options }
  const common = more.length === 0 ? `${only} ` : commonStart(options)
  return { line: line.slice(0, line.length - begun.length) + common, options: more.length === 0 ? [] : options }
}

function candidates(
  [command, node, ...more]: readonly string[],
  host: Pick<CommandHost, 'document' | 'registry' | 'view'>,
): readonly string[] {
  if (command === undefined) return Object.keys(COMMANDS)
  if (command === 'goto') return node === undefined ? ['start', 'live', 'error'] : []
  if (command === 'trigger') return node === undefined ? interfaceOf(host.document).starts.map(({ name }) => name) : []
  if (command === 'value')
    return node === undefined
      ? [...new Set([...Object.keys(host.document.nodes), ...Object.keys(host.view.nodes)])]
      : []
  if (command !== 'set' || more.length > 0) return []
  if (node === undefined) return Object.keys(host.document.nodes)
  const found = Object.hasOwn(host.document.nodes, node) ? host.document.nodes[node] : undefined
  if (!found) return []
  const { settings, inputs } = fieldsOf(found, host)
  return [...Object.keys(settings), ...Object.keys(inputs)]
}

function commonStart(options: readonly string[]): string {
  let [start = ''] = options
  for (const one of options) while (!one.startsWith(start)) start = start.slice(0, -1)
  return start
}
