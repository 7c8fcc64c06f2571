import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { More, Trouble } from '../knowledge/parts.tsx'
import { goTo } from '../knowledge/place.ts'
import type { ChunkRecord, DocumentRecord } from '../knowledge/records.ts'
import { listChunks, whyNot } from '../knowledge/rest.ts'
import { useSession } from '../session/context.ts'
import { countOf } from './jobs.ts'

const AT_ONCE = 50

interface Pieces {
  readonly list: readonly ChunkRecord[]
  readonly next: string
}

/** The pieces of a document, in order; of one page, where somebody asks for that. */
export function ChunkList({ document }: { readonly document: DocumentRecord }): ReactNode {
  const { rest } = useSession()
  const { id, chunks, pages, job } = document
  const [page, setPage] = useState(0)
  const [first, setFirst] = useState(1)
  const [pieces, setPieces] = useState<Pieces | undefined>()
  const [trouble, setTrouble] = useState('')
  const beginning = first > 1 ? String(first - 1) : ''
  const read = async (pageToken: string, before: readonly ChunkRecord[], isCurrent = () => true) => {
    try {
      const found = await listChunks(rest, id, { page, limit: AT_ONCE, pageToken })
      if (!isCurrent()) return
      setPieces({ list: [...before, ...found.chunks], next: found.nextPageToken })
      setTrouble('')
    } catch (error) {
      if (isCurrent()) setTrouble(whyNot(error))
    }
  }
  useEffect(() => {
    let current = true
    void read(beginning, [], () => current)
    return () => {
      current = false
    }
    // What a new reading makes is other pieces.
  }, [rest, id, page, first, chunks, job?.state === 'ready'])
  return (
    <section aria-label="Pieces">
      <header className="chunks__head">
        <h3>{countOf(chunks, 'piece')}</h3>
        {pages > 1 && (
          <label>
            page{' '}
            <input
              type="number"
              min={1}
              max={pages}
              placeholder="all"
              data-testid="chunk-page"
              value={page || ''}
              onChange={event => setPage(Math.min(pages, Math.max(0, Math.floor(Number(event.target.value) || 0))))}
            />{' '}
            of {pages}
          </label>
        )}
        {pages <= 1 && chunks > AT_ONCE && (
          <label>
            from{' '}
            <input
              type="number"
              min={1}
              max={chunks}
              data-testid="chunk-first"
              value={first}
              onChange={event => setFirst(Math.min(chunks, Math.max(1, Math.floor(Number(event.target.value) || 1))))}
            />
          </label>
        )}
      </header>
      <Trouble text={trouble} onAgain={() => void read(beginning, [])} />
      {pieces?.list.length === 0 && chunks > 0 && page > 0 && (
        <p className="know__none">Nothing begins on this page.</p>
      )}
      <ol className="chunks" data-testid="chunks">
        {pieces?.list.map(chunk => (
          <li key={chunk.id}>
            <button
              className="chunk"
              data-testid={`chunk-${chunk.position}`}
              onClick={() => goTo('documents', { view: 'chunk', id: chunk.id, documentId: id })}
            >
              <small>{whereOf(chunk)}</small>
              <span className={chunk.kind === 'text' || chunk.kind === 'list' ? '' : 'mono'}>{chunk.text}</span>
            </button>
          </li>
        ))}
      </ol>
      <More
        shown={pieces !== undefined && pieces.next !== ''}
        onMore={() => read(pieces?.next ?? '', pieces?.list ?? [])}
      />
    </section>
  )
}

/** Where a piece is: `piece 3 · page 2 · Owls › At night · characters 1,200–2,150`. */
export function whereOf({ position, page, lastPage, headings, from, to, kind }: ChunkRecord): string {
  return [
    `piece ${position + 1}`,
    page > 0 && (lastPage > page ? `pages ${page}–${lastPage}` : `page ${page}`),
    headings.join(' › '),
    kind !== 'text' && kind,
    `characters ${from.toLocaleString('en')}–${to.toLocaleString('en')}`,
  ]
    .filter(Boolean)
    .join(' · ')
}
