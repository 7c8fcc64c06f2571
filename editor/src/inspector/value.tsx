import { Copy, Download } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { isBlobRef } from '#graph/blob.ts'
import type { BlobRef } from '#graph/blob.ts'
import type { Json } from '#graph/json.ts'
import { placeOf } from '../inside/place.ts'
import { say } from '../layout/toasts.tsx'
import { loadBlob } from '../run/blobs.ts'
import { useTabRunField } from '../run/store.ts'
import { useSession } from '../session/context.ts'
import { formatSize } from '../timeline/duration.ts'

interface Named {
  readonly page: string
  readonly name: string
}

/** A value by its name. A large one shows its beginning and its size until somebody wants all of it. */
export function Value({ page, name, value }: Named & { readonly value: Json }): ReactNode {
  return isBlobRef(value) ? <Large page={page} name={name} blob={value} /> : <Whole name={name} value={value} />
}

/** More than this makes the page slow, and nobody reads it in a side bar. */
const MOST = 100_000

function Whole({ name, value }: { readonly name: string; readonly value: Json }): ReactNode {
  const [isAll, setAll] = useState(false)
  const text = typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)
  const shown = isAll || text.length <= MOST ? text : `${text.slice(0, MOST)}…`
  return (
    <div>
      <dt>
        {name}{' '}
        <button
          className="icon-button"
          aria-label={`Copy ${name}`}
          title="Copy"
          onClick={() => void navigator.clipboard.writeText(text)}
        >
          <Copy size={12} />
        </button>
      </dt>
      <dd>{typeof value === 'string' ? shown : <code>{shown}</code>}</dd>
      {shown !== text && (
        <button className="button button--small" onClick={() => setAll(true)}>
          Show all {formatSize(text.length)}
        </button>
      )}
    </div>
  )
}

function Large({ page, name, blob }: Named & { readonly blob: BlobRef }): ReactNode {
  const { rest } = useSession()
  const { tab } = placeOf(page)
  const blobs = useTabRunField(tab, 'blobs')
  const [wanted, setWanted] = useState(false)
  const known = Object.hasOwn(blobs, blob.$blob) ? blobs[blob.$blob] : undefined
  if (wanted && known !== undefined) return <Whole name={name} value={known} />
  const load = () => {
    setWanted(true)
    loadBlob(rest, tab, blob.$blob).catch((error: unknown) => {
      setWanted(false)
      say(`It could not be loaded: ${error instanceof Error ? error.message : String(error)}`, 'warn')
    })
  }
  return (
    <div>
      <dt>{name}</dt>
      <dd>{blob.head === undefined ? <code>{blob.type === 'array' ? '[ … ]' : '{ … }'}</code> : `${blob.head}…`}</dd>
      <button
        className="button button--small values__load"
        disabled={wanted}
        data-testid={`load-${name}`}
        onClick={load}
      >
        <Download size={12} aria-hidden="true" /> {wanted ? 'Loading…' : `Load all ${formatSize(blob.size)}`}
      </button>
    </div>
  )
}
