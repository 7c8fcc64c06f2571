import type { ReactNode } from 'react'
import type { Span } from '../knowledge/records.ts'
import { partsOf } from './marks.ts'

/** A text with marks. */
export function MarkedText({ text, spans }: { readonly text: string; readonly spans: readonly Span[] }): ReactNode {
  return partsOf(text, spans).map((part, index) =>
    part.marked ? <mark key={index}>{part.text}</mark> : <span key={index}>{part.text}</span>,
  )
}
