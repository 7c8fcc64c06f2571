import { BookOpenText } from 'lucide-react'
import type { ReactNode } from 'react'
import { Fragment } from 'react'
import { goTo } from '../knowledge/place.ts'
import { Prose } from '../steering/markdown.tsx'
import { citationInWords, citedParts } from './citations.ts'
import type { Citation } from './citations.ts'
import './citations.css'

function open({ chunkId, documentId, text }: Citation): void {
  goTo('documents', { view: 'chunk', id: chunkId, documentId, marked: { text, spans: [] } })
}

/** Where something is said: each opens the piece of its document. `most`: the others are only counted. */
export function CitationChips({
  citations,
  most = citations.length,
}: {
  readonly citations: readonly Citation[]
  readonly most?: number
}): ReactNode {
  return (
    <span className="citations" data-testid="citations">
      {citations.slice(0, most).map(citation => (
        <button
          key={`${citation.n} ${citation.chunkId}`}
          type="button"
          className="citation nodrag"
          title={citation.text.slice(0, 400)}
          aria-label={`Source ${citation.n}: ${citationInWords(citation)}`}
          data-testid={`citation-${citation.n}`}
          onClick={event => (event.stopPropagation(), open(citation))}
        >
          <BookOpenText size={11} aria-hidden="true" /> <b>{citation.n}</b> <span>{citationInWords(citation)}</span>
        </button>
      ))}
      {citations.length > most && <small>and {citations.length - most} more</small>}
    </span>
  )
}

/** A text of which each `[1]` opens what it refers to. */
export function CitedText({
  text,
  citations,
}: {
  readonly text: string
  readonly citations: readonly Citation[]
}): ReactNode {
  return citedParts(text, citations).map((part, index) =>
    'citation' in part ? (
      <button
        key={index}
        type="button"
        className="citation-number nodrag"
        title={citationInWords(part.citation)}
        aria-label={`Source ${part.text}: ${citationInWords(part.citation)}`}
        data-testid={`cited-${part.text}`}
        onClick={event => (event.stopPropagation(), open(part.citation))}
      >
        {part.text}
      </button>
    ) : (
      <Fragment key={index}>{part.text}</Fragment>
    ),
  )
}

/** What a spell said, with its sources. */
export function CitedProse({
  text,
  citations,
}: {
  readonly text: string
  readonly citations: readonly Citation[]
}): ReactNode {
  return (
    <>
      <Prose text={text} inText={words => <CitedText text={words} citations={citations} />} />
      {citations.length > 0 && <CitationChips citations={citations} />}
    </>
  )
}
