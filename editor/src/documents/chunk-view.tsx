import { ArrowDown, ArrowUp, ExternalLink, FileText } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { Trouble, Visited } from '../knowledge/parts.tsx'
import { goInstead, goTo } from '../knowledge/place.ts'
import type { Place } from '../knowledge/place.ts'
import type { ChunkRecord, DocumentRecord } from '../knowledge/records.ts'
import { fileOf, getChunk, whyNot } from '../knowledge/rest.ts'
import { MarkedText } from '../search/marked.tsx'
import { spansWithin } from '../search/marks.ts'
import { useSession } from '../session/context.ts'
import { whereOf } from './chunk-list.tsx'
import { readAround } from './neighbours.ts'
import type { Neighbours } from './neighbours.ts'

interface Found {
  readonly chunk: ChunkRecord
  readonly document: DocumentRecord | undefined
}

/** A piece in its document, with what stands before and after it, and what was found marked. */
export function ChunkView({ place }: { readonly place: Place & { readonly view: 'chunk' } }): ReactNode {
  const { rest } = useSession()
  const { id, documentId, marked } = place
  const [found, setFound] = useState<Found | undefined>()
  const [around, setAround] = useState<Neighbours | undefined>()
  const [trouble, setTrouble] = useState('')
  useEffect(() => {
    let current = true
    const read = async () => {
      const one = await getChunk(rest, id)
      if (!current) return
      if (!one) return setTrouble('This piece is gone: its document was changed or deleted.')
      setFound(one)
      const both = await readAround(rest, one.chunk)
      if (current) setAround(both)
    }
    read().catch((error: unknown) => current && setTrouble(whyNot(error)))
    return () => {
      current = false
    }
  }, [rest, id])
  const title = found?.document?.title || found?.document?.name || 'A piece of a document'
  return (
    <Visited
      section="documents"
      testId="chunk-view"
      title={
        <h2>
          <span>{title}</span>
        </h2>
      }
      tools={<Steps around={around} />}
    >
      <Trouble text={trouble} />
      {found && (
        <>
          <p className="chunk-view__where" data-testid="chunk-where">
            {whereOf(found.chunk)}
          </p>
          <div className="chunk-view__links">
            <button
              className="button button--small"
              data-testid="open-document"
              onClick={() => goTo('documents', { view: 'document', id: documentId })}
            >
              <FileText size={13} aria-hidden="true" /> The document
            </button>
            <PageLink found={found} />
          </div>
          <Beside chunk={around?.before} side="before" />
          <blockquote className="chunk-view__text" data-testid="chunk-text">
            <MarkedText
              text={found.chunk.text}
              spans={marked ? spansWithin(found.chunk.text, marked.text, marked.spans) : []}
            />
          </blockquote>
          <Beside chunk={around?.after} side="after" />
        </>
      )}
    </Visited>
  )
}

function PageLink({ found: { chunk, document } }: { readonly found: Found }): ReactNode {
  const page = document?.type === 'pdf' ? chunk.page : 0
  return (
    <a
      className="button button--small"
      href={fileOf(chunk.documentId, page)}
      target="_blank"
      rel="noreferrer"
      data-testid="open-page"
    >
      <ExternalLink size={13} aria-hidden="true" /> {page > 0 ? `Open page ${page}` : 'Open the file'}
    </a>
  )
}

function show({ id, documentId }: ChunkRecord): void {
  goInstead('documents', { view: 'chunk', id, documentId })
}

function Steps({ around }: { readonly around: Neighbours | undefined }): ReactNode {
  const { before, after } = around ?? {}
  return (
    <>
      <button
        className="icon-button"
        aria-label="The piece before"
        title="The piece before"
        disabled={!before}
        onClick={() => before && show(before)}
      >
        <ArrowUp size={14} />
      </button>
      <button
        className="icon-button"
        aria-label="The piece after"
        title="The piece after"
        disabled={!after}
        data-testid="next-chunk"
        onClick={() => after && show(after)}
      >
        <ArrowDown size={14} />
      </button>
    </>
  )
}

function Beside({ chunk, side }: { readonly chunk: ChunkRecord | undefined; readonly side: string }): ReactNode {
  if (!chunk) return <div className="chunk-view__beside" aria-hidden="true" />
  return (
    <button
      className={`chunk-view__beside chunk-view__beside--${side}`}
      aria-label={`The piece ${side}`}
      data-testid={`chunk-${side}`}
      onClick={() => show(chunk)}
    >
      {side === 'before' && chunk.text.length > SHOWN ? `…${chunk.text.slice(-SHOWN)}` : chunk.text.slice(0, SHOWN)}
    </button>
  )
}
const SHOWN = 420
