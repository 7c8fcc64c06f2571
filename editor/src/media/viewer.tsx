import { Download, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useRef } from 'react'
import { create } from 'zustand'
import { endingOf, mediaOf, toBlob } from './media.ts'

interface Viewed {
  readonly url: string
  readonly name: string
}
const useViewed = create<{ viewed: Viewed | undefined }>(() => ({ viewed: undefined }))

/** Shows a picture in full. */
export function openViewer(viewed: Viewed): void {
  useViewed.setState({ viewed })
}

/** The dialog that {@link openViewer} opens. One in the page. */
export function Viewer(): ReactNode {
  const { viewed } = useViewed()
  return viewed ? <Shown key={viewed.url} viewed={viewed} /> : null
}

function Shown({ viewed: { url, name } }: { readonly viewed: Viewed }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const close = () => dialog.current?.close()
  return (
    <dialog
      ref={dialog}
      className="viewer"
      aria-label={name}
      data-testid="viewer"
      onClose={() => useViewed.setState({ viewed: undefined })}
      onClick={event => event.target === dialog.current && close()}
    >
      <img src={url} alt={name} />
      <div className="viewer__bar">
        <span>{name}</span>
        <button className="icon-button" aria-label="Save as a file" title="Save as…" onClick={() => saveAs(url, name)}>
          <Download size={15} />
        </button>
        <button className="icon-button" aria-label="Close" onClick={close}>
          <X size={15} />
        </button>
      </div>
    </dialog>
  )
}

/** Saves a data URL as a file. */
export function saveAs(url: string, name: string): void {
  const address = URL.createObjectURL(toBlob(url))
  const link = document.createElement('a')
  link.href = address
  link.download = `${name}.${endingOf(mediaOf(url)?.type ?? 'application/bin')}`
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
