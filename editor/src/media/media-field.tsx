import { ImagePlus, Music, X } from 'lucide-react'
import type { ChangeEvent, ReactNode } from 'react'
import { useRef, useState } from 'react'
import type { Json } from '#graph/json.ts'
import { readMedia } from './choose.ts'
import { mediaInWords, mediaOf } from './media.ts'
import { Preview } from './preview.tsx'

/** Whether a socket takes a picture or a sound; undefined: neither. */
export function mediaKindOf({
  name,
  type,
}: {
  readonly name: string
  readonly type: string
}): 'image' | 'audio' | undefined {
  if (type === 'image' || type === 'audio') return type
  return type === 'any' && /^images?$/.test(name) ? 'image' : undefined
}

/** A picture or a sound as the value of a field: shown as such, chosen from the files of this computer, or typed in the field that is its child. */
export function MediaField({
  name,
  kind,
  value,
  most,
  onChange,
  children,
}: {
  readonly name: string
  /** Undefined: it is not asked for one, but there may be one. */
  readonly kind: 'image' | 'audio' | undefined
  readonly value: Json | undefined
  /** Characters of its data URL. */
  readonly most: number
  readonly children: ReactNode
  onChange(value: string | undefined): void
}): ReactNode {
  const file = useRef<HTMLInputElement>(null)
  const [trouble, setTrouble] = useState('')
  const media = mediaOf(value)
  if (media && value !== undefined)
    return (
      <div className="media-field" data-testid={`media-field-${name}`}>
        <Preview page="" name={name} value={value} />
        <span className="media-field__line">
          <span className="media__caption">{mediaInWords(media)}</span>
          <button type="button" className="button button--small" onClick={() => onChange(undefined)}>
            <X size={12} aria-hidden="true" /> Remove
          </button>
        </span>
      </div>
    )
  if (!kind) return children
  const choose = async ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    const [chosen] = currentTarget.files ?? []
    if (!chosen) return
    setTrouble('')
    try {
      onChange(await readMedia(chosen, kind, most))
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <div className="media-field">
      {children}
      <input
        ref={file}
        type="file"
        hidden
        accept={`${kind}/*`}
        aria-label={`File for ${name}`}
        data-testid={`file-${name}`}
        onChange={event => void choose(event)}
      />
      <button type="button" className="button button--small" onClick={() => file.current?.click()}>
        {kind === 'image' ? <ImagePlus size={13} aria-hidden="true" /> : <Music size={13} aria-hidden="true" />} Choose
        a file…
      </button>
      {trouble && <em role="alert">{trouble}</em>}
    </div>
  )
}
