import { FileSearch, Info } from 'lucide-react'
import type { ReactNode } from 'react'
import { countOf } from '../documents/jobs.ts'
import { Empty, Trouble } from '../knowledge/parts.tsx'
import { goTo } from '../knowledge/place.ts'
import type { HitRecord } from '../knowledge/records.ts'
import { useSession } from '../session/context.ts'
import { MarkedText } from './marked.tsx'
import { excerptOf } from './marks.ts'
import { reasonInWords } from './reason.ts'
import { HowToSearch } from './search-box.tsx'
import { askFor, useSearch } from './store.ts'

/** What was found in documents, the best first. */
export function Hits({ collection }: { readonly collection: string }): ReactNode {
  const session = useSession()
  const { hits, notices, tookMs, trouble, mode } = useSearch()
  return (
    <div className="hits" data-testid="hits">
      <HowToSearch collection={collection} />
      <Trouble text={trouble} onAgain={() => askFor(session, collection, {})} />
      {notices.map(notice => (
        <p key={notice} className="know__notice">
          <Info size={13} aria-hidden="true" /> {notice}
        </p>
      ))}
      {hits?.length === 0 && (
        <Empty icon={<FileSearch size={22} aria-hidden="true" />} title="Nothing fits">
          {mode === 'keyword'
            ? 'No document has these words. Try “Meaning”, or fewer words.'
            : 'Try other words, another collection, or any type.'}
        </Empty>
      )}
      {hits && hits.length > 0 && (
        <>
          <p className="hits__count" role="status">
            {countOf(hits.length, 'piece')} in {tookMs} ms
          </p>
          <ol className="hits__list">
            {hits.map(hit => (
              <Hit key={`${hit.source} ${hit.id}`} hit={hit} />
            ))}
          </ol>
        </>
      )}
    </div>
  )
}

const EXCERPT = 320

function Hit({ hit }: { readonly hit: HitRecord }): ReactNode {
  const { id, documentId, title, text, highlights, page, headings, reason } = hit
  const shown = excerptOf(text, highlights, EXCERPT)
  const open = () => goTo('documents', { view: 'chunk', id, documentId, marked: { text, spans: highlights } })
  return (
    <li>
      <button className="hit" data-testid={`hit-${id}`} onClick={open}>
        <span className="hit__head">
          <b>{title}</b>
          {page > 0 && <small>page {page}</small>}
        </span>
        {headings.length > 0 && <span className="hit__path">{headings.join(' › ')}</span>}
        <span className="hit__text">
          <MarkedText text={shown.text} spans={shown.spans} />
        </span>
        <small className="hit__reason" title={reason?.text}>
          {reasonInWords(reason)}
        </small>
      </button>
    </li>
  )
}
