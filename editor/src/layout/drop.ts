import { useEffect, useState } from 'react'
import { useSession } from '../session/context.ts'
import { openKnowledge } from '../knowledge/place.ts'
import type { Session } from '../session/context.ts'
import { importFiles } from '../tabs/open.ts'
import { say } from './toasts.tsx'

/** Names of files that are read, not opened. */
const DOCUMENTS = /\.(?:pdf|docx|pptx|xlsx|html?|md|markdown|txt|csv)$/i

/** Lets files be dropped anywhere on the page; answers whether one is over it. */
export function useDropImport(): boolean {
  const session = useSession()
  const [over, setOver] = useState(false)
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    const onOver = (event: DragEvent) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      // A part of the page that takes files itself shows so itself.
      setOver(!isTaken(event))
    }
    const onLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false)
    }
    const onDrop = (event: DragEvent) => {
      if (!hasFiles(event)) return
      setOver(false)
      if (isTaken(event)) return
      event.preventDefault()
      void open(session, [...(event.dataTransfer?.files ?? [])])
    }
    window.addEventListener('dragover', onOver)
    window.addEventListener('dragleave', onLeave)
    window.addEventListener('drop', onDrop)
    return () => {
      window.removeEventListener('dragover', onOver)
      window.removeEventListener('dragleave', onLeave)
      window.removeEventListener('drop', onDrop)
    }
  }, [session])
  return over
}

function isTaken({ target }: DragEvent): boolean {
  return target instanceof Element && target.closest('[data-drops]') !== null
}

/** Spells and runs are opened; documents go where documents are. */
async function open(session: Session, files: readonly File[]): Promise<void> {
  const documents = files.filter(({ name }) => DOCUMENTS.test(name))
  const others = files.filter(({ name }) => !DOCUMENTS.test(name))
  if (documents.length > 0) {
    openKnowledge('documents')
    import('../documents/uploads.ts').then(
      ({ sendFiles }) => sendFiles(session, documents),
      (error: unknown) => say(`They cannot be sent: ${error instanceof Error ? error.message : String(error)}`, 'warn'),
    )
  }
  if (others.length > 0) await importFiles(session, others)
}
