import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { Under } from '../knowledge/parts.tsx'
import { goTo, usePlace } from '../knowledge/place.ts'
import { Hits } from '../search/hits.tsx'
import { SearchBox } from '../search/search-box.tsx'
import { useSearch } from '../search/store.ts'
import { useSession } from '../session/context.ts'
import { ChunkView } from './chunk-view.tsx'
import { CollectionBar } from './collection-bar.tsx'
import { DocumentList } from './document-list.tsx'
import { DocumentView } from './document-view.tsx'
import { followDocuments, useDocuments } from './store.ts'
import { sendFiles } from './uploads.ts'
import './documents.css'

/** Documents: what there is and how far it is, what it says. Files may be dropped anywhere on it. */
export function DocumentsPanel(): ReactNode {
  const session = useSession()
  const place = usePlace('documents')
  const { isOver, drops } = useDrops()
  useEffect(() => followDocuments(session), [session])
  return (
    <div className="documents" data-drops="documents" data-testid="documents" {...drops}>
      <Under isShown={place.view === 'list'}>
        <Overview />
      </Under>
      {place.view === 'document' && <DocumentView key={place.id} id={place.id} />}
      {place.view === 'chunk' && <ChunkView key={place.id} place={place} />}
      <Told />
      {isOver && <div className="documents__drop">Drop files to read them</div>}
    </div>
  )
}

function Overview(): ReactNode {
  const collection = useDocuments(one => one.collection)
  const isAsked = useSearch(one => one.query.trim() !== '')
  return (
    <>
      <div className="know__top">
        <SearchBox collection={collection} />
        <CollectionBar />
      </div>
      <div className="know__scroll">{isAsked ? <Hits collection={collection} /> : <DocumentList />}</div>
    </>
  )
}

function Told(): ReactNode {
  const told = useDocuments(one => one.told)
  return (
    <p className="visually-hidden" role="status">
      {told}
    </p>
  )
}

function useDrops() {
  const session = useSession()
  const [isOver, setOver] = useState(false)
  return {
    isOver,
    drops: {
      onDragOver: (event: React.DragEvent) => {
        if (!event.dataTransfer.types.includes('Files')) return
        event.preventDefault()
        setOver(true)
      },
      onDragLeave: (event: React.DragEvent) => {
        if (!event.currentTarget.contains(event.relatedTarget as Element | null)) setOver(false)
      },
      onDrop: (event: React.DragEvent) => {
        setOver(false)
        if (event.dataTransfer.files.length === 0) return
        event.preventDefault()
        sendFiles(session, [...event.dataTransfer.files])
        goTo('documents', { view: 'list' })
      },
    },
  }
}
