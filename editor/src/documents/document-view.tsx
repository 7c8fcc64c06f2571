import { ExternalLink, FileUp, Pencil, RotateCcw, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import { agoInWords } from '../account/ago.ts'
import { Line, Sure, Trouble, Visited } from '../knowledge/parts.tsx'
import { goBack } from '../knowledge/place.ts'
import type { DocumentRecord } from '../knowledge/records.ts'
import { fileOf, reindexDocument, updateDocument, whyNot } from '../knowledge/rest.ts'
import { textInWords } from '../media/media.ts'
import { useSession } from '../session/context.ts'
import { ChunkList } from './chunk-list.tsx'
import { countOf, factsOf } from './jobs.ts'
import { StandingLine, TypeIcon } from './standing.tsx'
import { UploadRows } from './upload-rows.tsx'
import { sendFiles } from './uploads.ts'
import { loadDocument, noteDocument, removeDocument, useDocuments } from './store.ts'

/** A document: what is known of it, what can be done with it, its pieces. */
export function DocumentView({ id }: { readonly id: string }): ReactNode {
  const session = useSession()
  const document = useDocuments(one => one.known[id])
  const [trouble, setTrouble] = useState('')
  useEffect(() => void loadDocument(session, id).then(setTrouble), [session, id])
  if (!document)
    return (
      <Visited section="documents" title="Document" testId="document-view">
        <Trouble text={trouble} />
      </Visited>
    )
  const again = async () => {
    setTrouble('')
    try {
      noteDocument(await reindexDocument(session.rest, id))
    } catch (error) {
      setTrouble(whyNot(error))
    }
  }
  return (
    <Visited
      section="documents"
      testId="document-view"
      title={<Title key={document.title} document={document} />}
      tools={
        <>
          <a
            className="icon-button"
            href={fileOf(id)}
            target="_blank"
            rel="noreferrer"
            aria-label="Open the file"
            title="Open the file"
          >
            <ExternalLink size={14} />
          </a>
          <NewVersion id={id} />
          <button
            className="icon-button"
            aria-label="Read it again"
            title="Read it again"
            data-testid="reindex"
            onClick={() => void again()}
          >
            <RotateCcw size={14} />
          </button>
          <Sure
            action="Delete it"
            label="Delete the document"
            testId="delete-document"
            onSure={async () => {
              await removeDocument(session, id)
              goBack('documents')
            }}
          >
            <Trash2 size={14} />
          </Sure>
        </>
      }
    >
      <UploadRows documentId={id} />
      <Trouble text={trouble} />
      <Facts document={document} />
      <ChunkList document={document} />
    </Visited>
  )
}

/** Sends a file in place of the one that is there. */
function NewVersion({ id }: { readonly id: string }): ReactNode {
  const session = useSession()
  const file = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={file}
        type="file"
        hidden
        data-testid="new-version"
        onChange={event => {
          sendFiles(session, [...(event.target.files ?? [])], id)
          event.target.value = ''
        }}
      />
      <button
        className="icon-button"
        aria-label="Send a new version of the file"
        title="Send a new version: only what changed is read anew"
        onClick={() => file.current?.click()}
      >
        <FileUp size={14} />
      </button>
    </>
  )
}

function Title({ document }: { readonly document: DocumentRecord }): ReactNode {
  const session = useSession()
  const { id, type, title, name } = document
  const [text, setText] = useState<string | undefined>()
  if (text === undefined)
    return (
      <h2>
        <TypeIcon type={type} /> <span>{title || name}</span>
        <button
          className="icon-button"
          aria-label="Rename"
          title="Rename"
          data-testid="rename-document"
          onClick={() => setText(title || name)}
        >
          <Pencil size={12} />
        </button>
      </h2>
    )
  const rename = async () => noteDocument(await updateDocument(session.rest, id, { title: text.trim() }))
  return (
    <Line action="Rename" isReady={text.trim() !== ''} onSubmit={rename} onLeave={() => setText(undefined)}>
      <input
        autoFocus
        aria-label="Title"
        data-testid="document-title"
        value={text}
        onChange={event => setText(event.target.value)}
      />
    </Line>
  )
}

function Facts({ document }: { readonly document: DocumentRecord }): ReactNode {
  const { job, name, collection, createdAt, source, encoding, characters, metadata = {} } = document
  const rows: readonly (readonly [name: string, value: ReactNode])[] = [
    ['File', name],
    ['Kind', factsOf(document)],
    ['Collection', collection],
    ['Added', <time title={new Date(createdAt).toLocaleString()}>{agoInWords(createdAt)}</time>],
    ...(characters > 0
      ? [['Text', `${countOf(characters, 'character')}${encoding === '' ? '' : `, ${encoding}`}`] as const]
      : []),
    ...(job && job.keptChunks > 0
      ? [['Last reading', `${countOf(job.newChunks, 'new piece')}, ${job.keptChunks} as before`] as const]
      : []),
    ...(/^https?:\/\//.test(source)
      ? [
          [
            'From',
            <a href={source} target="_blank" rel="noreferrer noopener">
              {source}
            </a>,
          ] as const,
        ]
      : []),
    ...Object.entries(metadata).map(([key, value]) => [key, textInWords(value)] as const),
  ]
  return (
    <>
      <StandingLine job={job} />
      <table className="facts">
        <tbody>
          {rows.map(([key, value]) => (
            <tr key={key}>
              <th scope="row">{key}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
