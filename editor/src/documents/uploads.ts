import { create } from 'zustand'
import type { DocumentRecord } from '../knowledge/records.ts'
import { toPath } from '../knowledge/rest.ts'
import type { Session } from '../session/context.ts'
import { bytesInWords, toSentence } from './jobs.ts'
import { loadCollections, noteDocument, useDocuments } from './store.ts'

/** A file on its way. */
export interface Upload {
  readonly id: number
  readonly file: File
  /** Empty: the one that is usual. */
  readonly collection: string
  /** The document whose file it replaces; empty: it is a new one. */
  readonly documentId: string
  /** `same`: it was there already. */
  readonly state: 'waiting' | 'sending' | 'failed' | 'same'
  /** Bytes that the server has. */
  readonly sent: number
  /** Why it failed. */
  readonly trouble: string
  /** Of `same`: what is there. */
  readonly document: DocumentRecord | undefined
}

export const useUploads = create<{ readonly list: readonly Upload[] }>(() => ({ list: [] }))
const { getState: state, setState: set } = useUploads
const AT_ONCE = 2
let next = 1

/** Sends files into the collection that is shown, two at a time. With the id of a document: in place of its file. */
export function sendFiles(session: Session, files: readonly File[], documentId = ''): void {
  const { collection } = useDocuments.getState()
  const fresh = files.map((file): Upload => {
    const begin = { sent: 0, trouble: '', document: undefined }
    return { ...begin, id: next++, file, collection: documentId === '' ? collection : '', documentId, state: 'waiting' }
  })
  set(({ list }) => ({ list: [...list, ...fresh] }))
  work(session)
}

export function tryAgain(session: Session, id: number): void {
  change(id, { state: 'waiting', sent: 0, trouble: '' })
  work(session)
}

/** Takes a file off the list; one that is on its way is not sent to its end. */
export function dropUpload(id: number): void {
  under.get(id)?.abort()
  set(({ list }) => ({ list: list.filter(one => one.id !== id) }))
}

/** Gives up all that is on its way: somebody else is here. */
export function forgetUploads(): void {
  for (const request of under.values()) request.abort()
  set({ list: [] })
}

const under = new Map<number, XMLHttpRequest>()

function change(id: number, given: Partial<Upload>): void {
  set(({ list }) => ({ list: list.map(one => (one.id === id ? { ...one, ...given } : one)) }))
}

function work(session: Session): void {
  const { list } = state()
  const free = AT_ONCE - list.filter(one => one.state === 'sending').length
  for (const upload of list.filter(one => one.state === 'waiting').slice(0, Math.max(0, free))) {
    change(upload.id, { state: 'sending' })
    void send(session, upload).finally(() => work(session))
  }
}

async function send(session: Session, upload: Upload): Promise<void> {
  const { id } = upload
  try {
    const { document, duplicate } = await post(session, upload)
    noteDocument(document, true)
    if (duplicate) change(id, { state: 'same', document })
    else dropUpload(id)
    void loadCollections(session)
  } catch (error) {
    change(id, { state: 'failed', trouble: error instanceof Error ? error.message : String(error) })
  }
}

/** Fetch does not tell how much was sent. */
async function post(
  { token }: Session,
  { id, file, collection, documentId }: Upload,
): Promise<{ document: DocumentRecord; duplicate: boolean }> {
  const bearer = await token()
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    under.set(id, request)
    request.open('POST', toPath('/v1/documents', { name: file.name, collection, documentId }))
    request.setRequestHeader('authorization', `Bearer ${bearer}`)
    request.setRequestHeader('content-type', file.type || 'application/octet-stream')
    request.upload.addEventListener('progress', ({ loaded }) => change(id, { sent: loaded }))
    request.addEventListener('loadend', () => {
      under.delete(id)
      if (request.status === 200 || request.status === 201)
        resolve(JSON.parse(request.responseText) as { document: DocumentRecord; duplicate: boolean })
      else reject(new Error(whyRefused(request.status, request.responseText, file)))
    })
    request.send(file)
  })
}

function whyRefused(status: number, text: string, { size }: File): string {
  try {
    const { error } = JSON.parse(text) as { error: { message: string; problems?: readonly { message: string }[] } }
    const problems = (error.problems ?? []).map(({ message }) => message)
    return toSentence(problems.length > 0 ? problems.join('; ') : error.message)
  } catch {
    if (status > 0) return `The server answered ${status}.`
    const large = size > LARGE_BYTES ? ` It has ${bytesInWords(size)}: that may be more than this server takes.` : ''
    return `It could not be sent: the connection was cut, or it is a folder.${large}`
  }
}
const LARGE_BYTES = 90_000_000
