import { findDelimiter } from './delimiter.ts'
import type { DocumentType } from './parser.ts'

type TextType = Extract<DocumentType, 'html' | 'markdown' | 'text' | 'csv' | 'json'>

const LEAST_ROWS = 3
const HTML_TAGS = /<(?:p|div|span|a|h[1-6]|ul|ol|li|table|tr|td|br|img|body|head|title)[\s>/]/gi

/** What a text looks like; `whole`: it is all of it. */
export function lookOf(text: string, whole: boolean): TextType {
  const start = text.trimStart()
  if (isHtmlPage(start)) return 'html'
  if (isJson(start, whole)) return 'json'
  if (start.startsWith('#!')) return 'text'
  if (isMarkdown(text)) return 'markdown'
  if ((start.slice(0, 20_000).match(HTML_TAGS)?.length ?? 0) >= 8 && start.startsWith('<')) return 'html'
  return findDelimiter(text, LEAST_ROWS) !== undefined && isTable(text) ? 'csv' : 'text'
}

/** Begins as only pages of the web do. */
export function isHtmlPage(text: string): boolean {
  return /^\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--[^>]{0,2000}-->\s*)?<(?:!doctype\s+html|html[\s>])/i.test(text)
}

function isJson(start: string, whole: boolean): boolean {
  if (!/^[{[]/.test(start)) return false
  if (whole && parses(start)) return true
  const lines = start.split('\n', 3).slice(0, 2)
  const [first = ''] = lines
  if (first.length > 2 && lines.length > 1 && lines.every(line => /^\s*[{[]/.test(line) && parses(line))) return true
  return !whole && /^(?:\{\s*"(?:[^"\\]|\\.){0,200}"\s*:|\[\s*(?:[{["]|-?\d))/.test(start)
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function isMarkdown(text: string): boolean {
  const headings = text.match(/^#{1,6} \S/gm)?.length ?? 0
  const marks = [/^```/m, /\[[^\]\n]{1,200}\]\([^)\n]{1,500}\)/, /^[-*] \S/m, /\*\*[^*\n]{1,200}\*\*/, /^\|[ :-]+\|/m]
  const found = marks.filter(mark => mark.test(text)).length
  return (headings > 0 && found > 0) || headings > 2
}

/** Lines of a text may have as many commas each: those of a table are short of full stops. */
function isTable(text: string): boolean {
  const lines = text.split('\n', 20).filter(line => line.trim() !== '')
  return lines.filter(line => /[.!?]["')]?\s*$/.test(line)).length < lines.length / 4
}
