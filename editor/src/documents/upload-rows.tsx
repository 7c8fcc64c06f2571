import { CircleX, Copy, Hourglass, RotateCcw, Upload as UploadIcon, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { goTo } from '../knowledge/place.ts'
import { useSession } from '../session/context.ts'
import { bytesInWords } from './jobs.ts'
import { dropUpload, tryAgain, useUploads } from './uploads.ts'
import type { Upload } from './uploads.ts'

/** Files on their way, and those that did not arrive. `documentId`: only those that replace its file. */
export function UploadRows({ documentId }: { readonly documentId?: string }): ReactNode {
  const all = useUploads(one => one.list)
  const list = all.filter(one => documentId === undefined || one.documentId === documentId)
  if (list.length === 0) return null
  return (
    <ul className="uploads" aria-label="Files on their way" data-testid="uploads">
      {list.map(upload => (
        <Row key={upload.id} upload={upload} />
      ))}
    </ul>
  )
}

function Row({ upload }: { readonly upload: Upload }): ReactNode {
  const session = useSession()
  const { id, file, state, document } = upload
  return (
    <li data-state={state}>
      <span className="uploads__name" title={file.name}>
        {file.name}
      </span>
      <Tell upload={upload} />
      <span className="uploads__tools">
        {state === 'same' && document && (
          <button
            className="button button--small"
            onClick={() => (dropUpload(id), goTo('documents', { view: 'document', id: document.id }))}
          >
            Open it
          </button>
        )}
        {state === 'failed' && (
          <button
            className="icon-button"
            aria-label={`Send ${file.name} again`}
            title="Try again"
            onClick={() => tryAgain(session, id)}
          >
            <RotateCcw size={13} />
          </button>
        )}
        <button
          className="icon-button"
          aria-label={state === 'sending' ? `Stop sending ${file.name}` : `Dismiss ${file.name}`}
          title={state === 'sending' ? 'Stop' : 'Dismiss'}
          onClick={() => dropUpload(id)}
        >
          <X size={13} />
        </button>
      </span>
    </li>
  )
}

function Tell({ upload: { state, sent, file, trouble, document } }: { readonly upload: Upload }): ReactNode {
  switch (state) {
    case 'waiting':
      return (
        <small>
          <Hourglass size={12} aria-hidden="true" /> Waits for the others
        </small>
      )
    case 'sending':
      return (
        <small>
          <UploadIcon size={12} aria-hidden="true" /> Sending {bytesInWords(Math.min(sent, file.size))} of{' '}
          {bytesInWords(file.size)}
          <progress value={file.size > 0 ? Math.min(1, sent / file.size) : 0} aria-label={`Sending ${file.name}`} />
        </small>
      )
    case 'same':
      return (
        <small className="uploads__same" role="status">
          <Copy size={12} aria-hidden="true" /> Already here
          {document && document.title !== file.name ? `, as “${document.title}”` : ''}: not kept twice
        </small>
      )
    case 'failed':
      return (
        <small className="uploads__failed" role="alert">
          <CircleX size={12} aria-hidden="true" /> {trouble}
        </small>
      )
  }
}
