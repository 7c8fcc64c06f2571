import { Copy, Download } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { isBlobRef } from '#graph/blob.ts'
import type { BlobRef } from '#graph/blob.ts'
import type { Json } from '#graph/json.ts'
import { CitationChips, CitedText } from '../citations/chips.tsx'
import { citationsOf } from '../citations/citations.ts'
import type { Citation } from '../citations/citations.ts'
import { placeOf } from '../inside/place.ts'
import { say } from '../layout/toasts.tsx'
import { mediaInWords, mediaOf, textInWords } from '../media/media.ts'
import type { Media } from '../media/media.ts'
import { Preview, useUrl } from '../media/preview.tsx'
import { saveAs } from '../media/viewer.tsx'
import { loadBlob } from '../run/blobs.ts'
import { useTabRunField } from '../run/store.ts'
import { useSession } from '../session/context.ts'
import { formatSize } from '../timeline/duration.ts'

interface Named {
  readonly page: string
  readonly name: string
  /** What the numbers in a text refer to. */
  readonly citations?: readonly Citation[]
}

/** A value by its name. A large one shows its beginning and its size until somebody wants all of it. */
export function Value({ page, name, value, citations = [] }: Named & { readonly value: Json }): ReactNode {
  const media = mediaOf(value)
  if (media) return <Shown page={page} name={name} value={value} media={media} />
  return isBlobRef(value) ? (
    <Large page={page} name={name} blob={value} citations={citations} />
  ) : (
    <Whole name={name} value={value} citations={citations} />
  )
}

/** A picture or a sound: never as the text that it is. */
function Shown({ page, name, value, media }: Named & { readonly value: Json; readonly media: Media }): ReactNode {
  const { url } = useUrl(page, media)
  return (
    <div data-testid={`media-${name}`}>
      <dt>
        {name} <span className="media__caption">{mediaInWords(media)}</span>
        <button
          className="icon-button"
          aria-label={`Copy ${name} as a data URL`}
          title="Copy as a data URL"
          disabled={url === undefined}
          onClick={() => url !== undefined && void navigator.clipboard.writeText(url)}
        >
          <Copy size={12} />
        </button>
        <button
          className="icon-button"
          aria-label={`Save ${name} as a file`}
          title="Save as…"
          disabled={url === undefined}
          onClick={() => url !== undefined && saveAs(url, name)}
        >
          <Download size={12} />
        </button>
      </dt>
      <dd className="values__media">
        <Preview page={page} name={name} value={value} />
      </dd>
    </div>
  )
}

/** More than this makes the page slow, and nobody reads it in a side bar. */
const MOST = 100_000

function Whole({ name, value, citations = [] }: Omit<Named, 'page'> & { readonly value: Json }): ReactNode {
  const [isAll, setAll] = useState(false)
  const whole = typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)
  const pictures = mediaWithin(value)
  const sources = citationsOf(value)
  const text = textInWords(value, 2)
  const shown = isAll || text.length <= MOST ? text : `${text.slice(0, MOST)}…`
  return (
    <div>
      <dt>
        {name}{' '}
        <button
          className="icon-button"
          aria-label={`Copy ${name}`}
          title="Copy"
          onClick={() => void navigator.clipboard.writeText(whole)}
        >
          <Copy size={12} />
        </button>
      </dt>
      {name === 'reasoning' && typeof value === 'string' ? (
        <details className="reasoning">
          <summary>What it thought</summary>
          <dd>{shown}</dd>
        </details>
      ) : sources.length > 0 ? (
        <dd>
          <CitationChips citations={sources} />
          <details className="as-json">
            <summary>As JSON</summary>
            <code>{shown}</code>
          </details>
        </dd>
      ) : (
        <dd>{typeof value === 'string' ? <Text text={shown} citations={citations} /> : <code>{shown}</code>}</dd>
      )}
      {pictures.length > 0 && (
        <dd className="values__media values__many">
          {pictures.map((one, index) => (
            <Preview key={index} page="" name={`${name} ${index + 1}`} value={one} />
          ))}
        </dd>
      )}
      {shown !== text && (
        <button className="button button--small" onClick={() => setAll(true)}>
          Show all {formatSize(text.length)}
        </button>
      )}
    </div>
  )
}

/** A text; the address of a public server is a link: nothing is loaded from there by itself. */
function Text({ text, citations }: { readonly text: string; readonly citations: readonly Citation[] }): ReactNode {
  if (!/^https:\/\/\S{4,2000}$/.test(text)) return <CitedText text={text} citations={citations} />
  return (
    <a href={text} target="_blank" rel="noreferrer noopener">
      {text}
    </a>
  )
}

const MOST_PICTURES = 12

/** The pictures and sounds in a list. */
function mediaWithin(value: Json): readonly Json[] {
  return Array.isArray(value) ? value.filter(one => mediaOf(one as Json) !== undefined).slice(0, MOST_PICTURES) : []
}

function Large({ page, name, blob, citations = [] }: Named & { readonly blob: BlobRef }): ReactNode {
  const { rest } = useSession()
  const { tab } = placeOf(page)
  const blobs = useTabRunField(tab, 'blobs')
  const [wanted, setWanted] = useState(false)
  const known = Object.hasOwn(blobs, blob.$blob) ? blobs[blob.$blob] : undefined
  if (wanted && known !== undefined) return <Whole name={name} value={known} citations={citations} />
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
