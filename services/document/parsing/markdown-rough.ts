import type { Block } from './parser.ts'

const DELIMITERS = /^[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+(?:[ \t]*:?-+:?[ \t]*)?$/
const ITEM = /^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]/

/** A part of a Markdown file by the look of its lines: in time as long as it is, whatever it is. */
export function toRoughBlocks(part: string): readonly Block[] {
  const lines = part
    .split('\n')
    .map(line => line.replace(/^[ \t]{0,3}(?:>[ \t]?)+/, ''))
    .filter(line => line.trim() !== '')
  const [first = '', second = ''] = lines
  if (first.includes('|') && DELIMITERS.test(second)) return [tableOf([first, ...lines.slice(2)])]
  if (ITEM.test(first))
    return [{ kind: 'list', text: lines.map(line => plain(line.replace(/^([ \t]*)[*+]/, '$1-'))).join('\n') }]
  if (lines.length === 2 && /^[ \t]{0,3}(?:=+|-+)[ \t]*$/.test(second)) {
    return [{ kind: 'heading', level: second.includes('=') ? 1 : 2, text: plain(first).trim() }]
  }
  const words = lines.filter(line => !/^[ \t]{0,3}\[[^\]]{1,200}\]:[ \t]*\S/.test(line)).map(line => plain(line.trim()))
  return [{ kind: 'text', text: words.join('\n') }]
}

function tableOf(lines: readonly string[]): Block {
  const rows = lines.map(line =>
    plain(line.trim().replace(/^\|/, '').replace(/\|$/, ''))
      .split('|')
      .map(cell => cell.trim())
      .join(' | '),
  )
  return { kind: 'table', text: rows.join('\n'), head: rows[0] ?? '' }
}

/** A line without the marks in it. */
export function plain(line: string): string {
  if (!/[[*`~_<\\]/.test(line)) return line
  return line
    .replace(/!?\[([^[\]]{0,500})\](?:\([^()\s]{0,2000}(?:[ \t]+"[^"]{0,500}")?\)|\[[^[\]]{0,100}\])/g, '$1')
    .replace(/<\/?[a-zA-Z][^<>]{0,500}>/g, '')
    .replace(/(?<![\p{L}\d])_+|_+(?![\p{L}\d])|~~|(?<!\\)[*`]+(?![ \t])|(?<=\S)[*`]+/gu, '')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
}
