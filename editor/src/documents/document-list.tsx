import { FileUp, Globe, LibraryBig } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import { Empty, Line, More, Trouble } from '../knowledge/parts.tsx'
import { goTo } from '../knowledge/place.ts'
import { fetchDocument } from '../knowledge/rest.ts'
import { useSession } from '../session/context.ts'
import { factsOf } from './jobs.ts'
import { StandingLine, TypeIcon } from './standing.tsx'
import { chooseDocuments, loadDocuments, noteDocument, useDocuments } from './store.ts'
import { UploadRows } from './upload-rows.tsx'
import { sendFiles } from './uploads.ts'

/** Documents, newest first, and the ways to add some. */
export function DocumentList(): ReactNode {
  const session = useSession()
  const { list, known, nextPage, trouble, text, collection } = useDocuments()
  const [isFetching, setFetching] = useState(false)
  return (
    <>
      <AddBar isFetching={isFetching} onFetch={() => setFetching(!isFetching)} />
      {isFetching && <FromWeb onDone={() => setFetching(false)} />}
      <UploadRows />
      <Trouble text={trouble} onAgain={() => void loadDocuments(session)} />
      {list?.length === 0 && trouble === '' && (
        <Empty
          icon={<LibraryBig size={24} aria-hidden="true" />}
          title={text === '' ? 'No documents yet' : 'None of that name'}
        >
          {text === ''
            ? `Drop files here${collection === '' ? '' : ` to put them into “${collection}”`}: PDF, Word, PowerPoint, Excel, HTML, Markdown, text, CSV or JSON. Spells then find what they say.`
            : 'Try a part of its title or of its file’s name.'}
        </Empty>
      )}
      <ul className="document-list" data-testid="document-list">
        {list?.map(id => {
          const document = known[id]
          return (
            document && (
              <li key={id}>
                <button
                  className="document-row"
                  data-testid={`document-${id}`}
                  data-state={document.job?.state}
                  onClick={() => goTo('documents', { view: 'document', id })}
                >
                  <TypeIcon type={document.type} />
                  <span className="document-row__name" title={document.name}>
                    {document.title || document.name}
                  </span>
                  <small>{factsOf(document)}</small>
                  <StandingLine job={document.job} />
                </button>
              </li>
            )
          )
        })}
      </ul>
      <More shown={nextPage !== ''} onMore={() => loadDocuments(session, true)} />
    </>
  )
}

function AddBar({ isFetching, onFetch }: { readonly isFetching: boolean; onFetch(): void }): ReactNode {
  const session = useSession()
  const file = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(() => useDocuments.getState().text)
  useEffect(() => {
    if (text === useDocuments.getState().text) return undefined
    const timer = setTimeout(() => chooseDocuments(session, { text }), 200)
    return () => clearTimeout(timer)
  }, [session, text])
  return (
    <div className="know__bar">
      <input
        type="search"
        className="know__filter"
        placeholder="Filter by name"
        aria-label="Filter documents by name"
        data-testid="document-filter"
        value={text}
        onChange={event => setText(event.target.value)}
      />
      <input
        ref={file}
        type="file"
        hidden
        multiple
        data-testid="document-files"
        onChange={event => {
          sendFiles(session, [...(event.target.files ?? [])])
          event.target.value = ''
        }}
      />
      <button className="button button--small" aria-expanded={isFetching} data-testid="from-web" onClick={onFetch}>
        <Globe size={13} aria-hidden="true" /> From the web
      </button>
      <button
        className="button button--small button--primary"
        data-testid="add-files"
        onClick={() => file.current?.click()}
      >
        <FileUp size={13} aria-hidden="true" /> Add files
      </button>
    </div>
  )
}

function FromWeb({ onDone }: { onDone(): void }): ReactNode {
  const session = useSession()
  const [url, setUrl] = useState('https://')
  const get = async () => {
    const { document } = await fetchDocument(session.rest, url.trim(), useDocuments.getState().collection)
    noteDocument(document, true)
  }
  return (
    <Line action="Get it" busy="Getting it…" onSubmit={get} onLeave={onDone}>
      <input
        autoFocus
        type="url"
        aria-label="Address of a page or file"
        data-testid="web-url"
        value={url}
        onChange={event => setUrl(event.target.value)}
      />
    </Line>
  )
}
