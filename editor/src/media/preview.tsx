import { LoaderCircle } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import type { Json } from '#graph/json.ts'
import { placeOf } from '../inside/place.ts'
import { loadBlob } from '../run/blobs.ts'
import { useTabRunField } from '../run/store.ts'
import { useSession } from '../session/context.ts'
import { mediaInWords, mediaOf } from './media.ts'
import type { Media } from './media.ts'
import { Sound } from './sound.tsx'
import { openViewer } from './viewer.tsx'
import './media.css'

/** A picture or a sound among a run's values, as such; nothing where it is neither. Large ones are loaded by themselves. */
export function Preview({
  page,
  name,
  value,
}: {
  readonly page: string
  readonly name: string
  readonly value: Json
}): ReactNode {
  const media = mediaOf(value)
  const { url, trouble } = useUrl(page, media)
  if (!media) return null
  if (trouble) return <em className="media__trouble">{trouble}</em>
  if (url === undefined)
    return (
      <span className="media__loading">
        <LoaderCircle className="spin" size={14} aria-hidden="true" /> {mediaInWords(media)}
      </span>
    )
  return media.kind === 'audio' ? <Sound url={url} name={name} /> : <Picture url={url} name={name} media={media} />
}

/** A picture: a click shows it in full. An `img` runs no script of an SVG and loads nothing for it. */
export function Picture({
  url,
  name,
  media,
}: {
  readonly url: string
  readonly name: string
  readonly media: Media
}): ReactNode {
  const [isBroken, setBroken] = useState(false)
  useEffect(() => setBroken(false), [url])
  if (isBroken) return <em className="media__trouble">This is no picture that the browser knows</em>
  return (
    <button
      type="button"
      className="picture nodrag"
      aria-label={`Show ${name}`}
      title={`${name}: ${mediaInWords(media)}`}
      onClick={() => openViewer({ url, name })}
    >
      <img src={url} alt={name} decoding="async" draggable={false} onError={() => setBroken(true)} />
    </button>
  )
}

/** The data URL of what is shown; undefined: it is being loaded. */
export function useUrl(
  page: string,
  media: Media | undefined,
): { readonly url: string | undefined; readonly trouble: string } {
  const { rest } = useSession()
  const { tab } = placeOf(page)
  const blobs = useTabRunField(tab, 'blobs')
  const [trouble, setTrouble] = useState('')
  const hash = media?.blob
  const known = hash !== undefined && Object.hasOwn(blobs, hash) ? blobs[hash] : undefined
  const isHere = hash === undefined || known !== undefined
  useEffect(() => {
    setTrouble('')
    if (hash === undefined || isHere) return
    loadBlob(rest, tab, hash).catch((error: unknown) =>
      setTrouble(`It could not be loaded: ${error instanceof Error ? error.message : String(error)}`),
    )
  }, [rest, tab, hash, isHere])
  return { url: media?.url ?? (typeof known === 'string' ? known : undefined), trouble }
}
