import { LoaderCircle, Mic, Square } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import type { NodeDocument } from '#graph/document.ts'
import { withDefaults } from '#graph/schema.ts'
import { placeOf } from '../inside/place.ts'
import { registry } from '../registry.ts'
import { sendToRun } from '../run/controls.ts'
import { handleOf, runOf } from '../run/store.ts'
import { useSession } from '../session/context.ts'
import { heard, interrupt } from './queue.ts'
import { record, toDataUrl } from './recorder.ts'
import type { Recording } from './recorder.ts'
import './voice.css'

/** The type of the source that takes what somebody says. */
export const MICROPHONE = 'source/microphone'
/** What is longer would not fit into a message. */
const LONGEST_MS = 120_000
/** A message that is larger than a frame of the session goes by REST. */
const FRAME_CHARACTERS = 40_000

type Standing = 'idle' | 'opening' | 'recording' | 'sending'

/** On the card of a microphone while its spell is played: press to speak, press again to send. */
export function Microphone({ page, node }: { readonly page: string; readonly node: NodeDocument }): ReactNode {
  const { rest } = useSession()
  const { tab } = placeOf(page)
  const [standing, setStanding] = useState<Standing>('idle')
  const [trouble, setTrouble] = useState('')
  const recording = useRef<Recording | undefined>(undefined)
  useEffect(
    () => () => {
      recording.current?.cancel()
      recording.current = undefined
    },
    [],
  )
  const fail = (error: unknown) => {
    heard(tab, 0)
    setStanding('idle')
    setTrouble(error instanceof Error ? error.message : String(error))
  }
  const begin = async () => {
    setTrouble('')
    setStanding('opening')
    interrupt(tab)
    try {
      recording.current = await record()
      setStanding('recording')
    } catch (error) {
      fail(error)
    }
  }
  const send = async () => {
    const { current } = recording
    recording.current = undefined
    if (!current) return
    setStanding('sending')
    try {
      const audio = await toDataUrl(await current.stop())
      const name = nameOf(node)
      const run = runOf(tab).run?.id
      if (!handleOf(tab) || run === undefined) throw new Error('The spell is not played any more')
      await (audio.length > FRAME_CHARACTERS ? rest.sendToRun(run, name, { audio }) : sendToRun(tab, name, { audio }))
      setStanding('idle')
    } catch (error) {
      fail(error)
    }
  }
  const isRecording = standing === 'recording'
  return (
    <div className="microphone nodrag" data-testid="microphone" data-standing={standing}>
      <button
        className={`button button--small ${isRecording ? 'microphone__stop' : 'button--primary'}`}
        data-testid="talk"
        aria-pressed={isRecording}
        // A disabled button would lose the keyboard's focus in the middle of talking.
        aria-disabled={standing === 'opening' || standing === 'sending'}
        onClick={() => {
          if (standing === 'idle') void begin()
          else if (isRecording) void send()
        }}
      >
        {isRecording ? (
          <Square size={12} aria-hidden="true" />
        ) : standing === 'idle' ? (
          <Mic size={13} aria-hidden="true" />
        ) : (
          <LoaderCircle size={13} className="spin" aria-hidden="true" />
        )}{' '}
        {{ idle: 'Talk', opening: 'Listening…', recording: 'Send', sending: 'Sending…' }[standing]}
      </button>
      {isRecording && recording.current && (
        <Elapsed since={recording.current.startedAt} onLongest={() => void send()} />
      )}
      {trouble && <em role="alert">{trouble}</em>}
    </div>
  )
}

/** How long somebody has been speaking; at the longest it is sent. */
function Elapsed({ since, onLongest }: { readonly since: number; onLongest(): void }): ReactNode {
  const [now, setNow] = useState(() => Date.now())
  const isOver = now - since >= LONGEST_MS
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250)
    return () => clearInterval(timer)
  }, [])
  useEffect(() => {
    if (isOver) onLongest()
  }, [isOver])
  const seconds = Math.max(0, Math.floor((now - since) / 1000))
  return (
    <time className="microphone__time" role="timer">
      {Math.floor(seconds / 60)}:{String(seconds % 60).padStart(2, '0')}
    </time>
  )
}

function nameOf({ type, config }: NodeDocument): string {
  const { name } = withDefaults(config ?? {}, registry.get(type)?.config) as { readonly name?: unknown }
  return typeof name === 'string' ? name : 'microphone'
}
