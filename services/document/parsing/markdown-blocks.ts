import type { List, PhrasingContent, Root, RootContent, Table } from 'mdast'
import { blocksOfHtml } from './html-blocks.ts'
import type { Block } from './parser.ts'

const MOST_LEVELS = 40
/** A link by a name that stands in another part of the file. */
const NAMED_LINK = /!?\[([^[\]]{1,300})\]\[[^[\]]{0,100}\]/g

/** A tree of Markdown as blocks. */
export function toBlocks(tree: Root): readonly Block[] {
  return tree.children.flatMap(node => blocksOf(node, 0))
}

function blocksOf(node: RootContent, level: number): readonly Block[] {
  if (level > MOST_LEVELS) throw new RangeError('nested too deep')
  switch (node.type) {
    case 'heading':
      return [{ kind: 'heading', level: node.depth, text: textOf(node.children).replaceAll('\n', ' ') }]
    case 'paragraph':
      return [{ kind: 'text', text: textOf(node.children) }]
    case 'blockquote':
      return node.children.flatMap(child => blocksOf(child, level + 1))
    case 'list':
      return [{ kind: 'list', text: linesOf(node, 0).join('\n') }]
    case 'table':
      return [tableOf(node)]
    case 'code':
      return [{ kind: 'code', text: node.value }]
    case 'html':
      return blocksOfHtml(node.value)
    case 'footnoteDefinition': {
      const [first, ...rest] = node.children.flatMap(child => blocksOf(child, level + 1))
      const text = first && first.kind !== 'page' ? first.text : ''
      return [{ kind: 'text', text: `[${node.identifier}] ${text}` }, ...rest]
    }
    default:
      return []
  }
}

function tableOf({ children }: Table): Block {
  const rows = children.map(row => row.children.map(cell => textOf(cell.children).replaceAll('\n', ' ')).join(' | '))
  return { kind: 'table', text: rows.join('\n'), head: rows[0] ?? '' }
}

function linesOf(list: List, level: number): readonly string[] {
  if (level > MOST_LEVELS) throw new RangeError('nested too deep')
  const indent = '  '.repeat(level)
  return list.children.flatMap((item, at) => {
    const marker = list.ordered === true ? `${(list.start ?? 1) + at}. ` : '- '
    const task = typeof item.checked === 'boolean' ? `[${item.checked ? 'x' : ' '}] ` : ''
    const lines: string[] = []
    for (const child of item.children) {
      if (child.type === 'list') lines.push(...linesOf(child, level + 1))
      else
        for (const block of blocksOf(child, level))
          if (block.kind !== 'page') lines.push(...block.text.split('\n').map(line => `${indent}  ${line}`))
    }
    const [first = '', ...rest] = lines
    const isNested = item.children[0]?.type === 'list'
    return isNested
      ? [`${indent}${marker}${task}`.trimEnd(), ...lines]
      : [`${indent}${marker}${task}${first.trimStart()}`, ...rest]
  })
}

/** The words, without their marks. */
function textOf(nodes: readonly PhrasingContent[], level = 0): string {
  if (level > MOST_LEVELS) throw new RangeError('nested too deep')
  return nodes.map(node => wordsOf(node, level)).join('')
}

function wordsOf(node: PhrasingContent, level: number): string {
  switch (node.type) {
    case 'text':
      return node.value.replace(NAMED_LINK, '$1')
    case 'inlineCode':
      return node.value
    case 'break':
      return '\n'
    case 'image':
    case 'imageReference':
      return node.alt ?? ''
    case 'html':
      return /^<br\b/i.test(node.value) ? '\n' : ''
    case 'footnoteReference':
      return `[${node.identifier}]`
    default:
      return 'children' in node ? textOf(node.children, level + 1) : ''
  }
}
