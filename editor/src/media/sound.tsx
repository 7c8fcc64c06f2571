import { Pause, Play } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import { takeSpeaker } from './speaker.ts'

/** A small player: play and pause, how far it has come, how long it is. One sounds at a time. */
export function Sound({ url, name }: { readonly url: string; readonly name: string }): ReactNode {
  const audio = useRef<HTMLAudioElement>(null)
  const [isPlaying, setPlaying] = useState(false)
  const [at, setAt] = useState(0)
  const [length, setLength] = useState(Number.NaN)
  const [trouble, setTrouble] = useState('')
  useEffect(() => () => audio.current?.pause(), [])
  const toggle = () => {
    const element = audio.current
    if (!element) return
    if (!element.paused) return element.pause()
    takeSpeaker(() => element.pause())
    element.play().catch((error: unknown) => {
      if (!(error instanceof DOMException && error.name === 'AbortError')) setTrouble('This browser cannot play it')
    })
  }
  const known = Number.isFinite(length)
  return (
    <span className="sound nodrag nopan" data-testid={`sound-${name}`} data-playing={isPlaying}>
      <audio
        ref={audio}
        src={url}
        preload="metadata"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => setAt(0)}
        onTimeUpdate={event => setAt(event.currentTarget.currentTime)}
        onDurationChange={event => setLength(event.currentTarget.duration)}
        onError={() => setTrouble('This is no sound that the browser knows')}
      />
      <button
        className="sound__button"
        aria-label={isPlaying ? `Pause ${name}` : `Play ${name}`}
        disabled={trouble !== ''}
        onClick={toggle}
      >
        {isPlaying ? <Pause size={13} /> : <Play size={13} />}
      </button>
      {trouble ? (
        <em>{trouble}</em>
      ) : (
        <>
          <input
            type="range"
            aria-label={`Place in ${name}`}
            min={0}
            max={known ? length : 1}
            step="any"
            disabled={!known}
            value={known ? Math.min(at, length) : 0}
            onChange={event => {
              if (audio.current) audio.current.currentTime = Number(event.target.value)
            }}
          />
          {(known || at > 0) && <time>{toClock(known && at === 0 ? length : at)}</time>}
        </>
      )}
    </span>
  )
}

function toClock(seconds: number): string {
  const whole = Math.max(0, seconds)
  return `${Math.floor(whole / 60)}:${String(Math.floor(whole % 60)).padStart(2, '0')}`
}
