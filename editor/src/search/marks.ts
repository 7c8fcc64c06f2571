import type { Span } from '../knowledge/records.ts'

/** A part of a text, marked or not. */
export interface Part {
  readonly text: string
  readonly marked: boolean
}

/** A text in parts. Spans may overlap or reach beyond it. */
export function partsOf(text: string, spans: readonly Span[]): readonly Part[] {
  const parts: Part[] = []
  let at = 0
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const [begin, end] = [Math.max(at, from), Math.min(text.length, to)]
    if (end <= begin) continue
    if (begin > at) parts.push({ text: text.slice(at, begin), marked: false })
    parts.push({ text: text.slice(begin, end), marked: true })
    at = end
  }
  if (at < text.length) parts.push({ text: text.slice(at), marked: false })
  return parts
}

/** A part of a long text around its first mark, cut at spaces, with its spans. */
export function excerptOf(
  text: string,
  spans: readonly Span[],
  most: number,
): { readonly text: string; readonly spans: readonly Span[] } {
  if (text.length <= most) return { text, spans }
  const first = Math.min(...spans.map(({ from }) => from), text.length)
  const wanted = spans.length === 0 ? 0 : Math.max(0, Math.min(first - Math.floor(most / 4), text.length - most))
  const space = wanted === 0 ? 0 : text.indexOf(' ', wanted)
  const from = space < 0 || space - wanted > 30 ? wanted : wanted === 0 ? 0 : space + 1
  const last = text.lastIndexOf(' ', from + most)
  const to = from + most >= text.length ? text.length : last > from + most / 2 ? last : from + most
  const before = from > 0 ? '…' : ''
  const shift = from - before.length
  return {
    text: `${before}${text.slice(from, to)}${to < text.length ? '…' : ''}`,
    spans: spans.flatMap(one =>
      one.to <= from || one.from >= to
        ? []
        : [{ from: Math.max(one.from, from) - shift, to: Math.min(one.to, to) - shift }],
    ),
  }
}

/** Where the spans of a text are in another one that holds it; without spans: the text itself. Nothing: it does not hold it. */
export function spansWithin(whole: string, text: string, spans: readonly Span[]): readonly Span[] {
  const bare = text.replace(/^…|…$/g, '').trim()
  if (bare === '') return []
  const at = whole.indexOf(bare)
  if (at < 0) return []
  const shift = at - text.indexOf(bare)
  if (spans.length > 0) return spans.map(({ from, to }) => ({ from: from + shift, to: to + shift }))
  return bare.length === whole.trim().length ? [] : [{ from: at, to: at + bare.length }]
}
