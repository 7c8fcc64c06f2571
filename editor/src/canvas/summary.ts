import type { NodeDefinition } from '#graph/define.ts'
import type { NodeDocument } from '#graph/document.ts'
import { withDefaults } from '#graph/schema.ts'
import { textInWords } from '../media/media.ts'

/** Types of which one setting says all. */
const TELLING: Readonly<Record<string, string>> = {
  'flow/output': 'name',
  'flow/exit': 'name',
  'flow/sub-spell': 'spell',
  'flow/ask': 'prompt',
  'flow/approve': 'prompt',
  'text/template': 'template',
  'text/match': 'pattern',
  'text/replace': 'pattern',
  'math/calculate': 'expression',
  'data/get': 'path',
  'data/set': 'path',
  'state/read': 'key',
  'state/write': 'key',
  'debug/log': 'label',
}

/** One line of what matters of a node's settings. */
export function summaryOf({ type, config }: NodeDocument, definition: NodeDefinition | undefined): string {
  if (!definition) return ''
  const filled = withDefaults(config ?? {}, definition.config) as Record<string, unknown>
  const text = (name: string) => (typeof filled[name] === 'string' ? (filled[name] as string) : '')
  const of = (list: unknown) => (Array.isArray(list) ? list.join(' · ') : '')
  const told = Object.hasOwn(TELLING, type) ? TELLING[type] : undefined
  const line = (() => {
    if (told !== undefined) return text(told)
    switch (type) {
      case 'flow/input':
        return `${text('name')} ${text('type') === 'any' ? '' : text('type')}${filled['default'] === undefined ? '' : ` = ${JSON.stringify(filled['default'])}`}`
      case 'flow/start':
        return text('name') === 'in' ? '' : text('name')
      case 'flow/delay':
        return `${String(filled['ms'])} ms`
      case 'flow/for-each':
        return filled['concurrency'] === 1 ? '' : `${String(filled['concurrency'])} at a time`
      case 'flow/join':
        return `waits for ${text('mode')}`
      case 'flow/switch':
        return of(filled['cases'])
      case 'text/join':
      case 'text/split':
        return JSON.stringify(filled['separator'])
      case 'logic/compare':
        return `a ${text('operator')} b`
      case 'ai/complete':
        return text('model') || 'default model'
      case 'code/javascript':
        return (
          text('code')
            .split('\n')
            .find(one => one.trim() !== '') ?? ''
        )
      default:
        return settingsOf(filled)
    }
  })()
  const [first = ''] = textInWords(line.trim()).split('\n')
  return first.length > 90 ? `${first.slice(0, 90)}…` : first
}

/** Of a type that is not known above: its words and figures. One figure alone would say nothing. */
function settingsOf(filled: Readonly<Record<string, unknown>>): string {
  const told = Object.values(filled).filter(
    value => typeof value === 'number' || (typeof value === 'string' && value.trim() !== ''),
  )
  return told.length === 1 && typeof told[0] === 'number' ? '' : told.slice(0, 3).join(' · ')
}
