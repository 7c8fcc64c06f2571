import { Pause, Play, SkipForward, Volume2, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect } from 'react'
import type { RestClient } from '#client/types.ts'
import type { NodeDocument } from '#graph/document.ts'
import { titleOf } from '../document/edits.ts'
import { registry } from '../registry.ts'
import { loadBlob } from '../run/blobs.ts'
import { documentAt, handleOf, runOf, runs } from '../run/store.ts'
import type { TabRun } from '../run/store.ts'
import { mediaOf } from '../media/media.ts'
import { useSession } from '../session/context.ts'
import { MICROPHONE } from './microphone.tsx'
import { clearQueue, enqueue, heard, pause, resume, skip, useQueue } from './queue.ts'
import { spokenIn } from './spoken.ts'
import './voice.css'

/** Says aloud what the tab's live run says, in order; and a bar to pause it. What ran before is heard only where somebody presses its button. */
export function Player({ tab }: { readonly tab: string }): ReactNode {
  const { rest } = useSession()
  useEffect(() => followSpeech(tab, rest), [tab, rest])
  const queue = useQueue()
  const { current, waiting, isPaused, played, trouble } = queue
  if (queue.tab !== tab || !current) return null
  return (
    <div className="player" role="group" aria-label="What the spell says" data-testid="player" data-paused={isPaused}>
      <Volume2 size={15} aria-hidden="true" />
      <span className="player__words" title={current.text}>
        {trouble || current.text}
      </span>
      {played + 1 + waiting.length > 1 && (
        <small data-testid="player-count">
          {played + 1} of {played + 1 + waiting.length}
        </small>
      )}
      <button
        className="icon-button"
        aria-label={isPaused ? 'Go on speaking' : 'Pause speaking'}
        data-testid="player-toggle"
        onClick={isPaused ? resume : pause}
      >
        {isPaused ? <Play size={15} /> : <Pause size={15} />}
      </button>
      <button className="icon-button" aria-label="Next" disabled={waiting.length === 0} onClick={skip}>
        <SkipForward size={15} />
      </button>
      <button className="icon-button" aria-label="Say nothing more" data-testid="player-stop" onClick={clearQueue}>
        <X size={15} />
      </button>
    </div>
  )
}

/** Queues what the run of a tab says from now on; of a run that was begun here, from its first entry. */
function followSpeech(tab: string, rest: RestClient): () => void {
  let { generation } = runOf(tab)
  let read = runOf(tab).timeline.last
  const look = (now: TabRun, before: TabRun | undefined) => {
    if (now.generation !== generation) {
      ;({ generation } = now)
      read = before?.starting ? (now.run?.forkedAt ?? 0) : now.timeline.last
      clearQueue()
      heard(tab, 0)
    }
    const { entries, last } = now.timeline
    if (read >= last) return
    const from = read
    read = last
    // Whoever stops a spell does not want to hear the rest of it.
    if (entries.at(-1)?.kind === 'run.cancelled') return clearQueue()
    // Somebody who looks at an earlier moment hears it when they are back; a file says nothing by itself.
    if (now.position !== 'live' || !handleOf(tab)) return
    const typeOf = (path: string) => nodeAt(now, path)?.type
    const { interruptedAt } = useQueue.getState()
    const said = entries.slice(from).findLast(one => one.kind === 'node.emitted' && typeOf(one.node) === MICROPHONE)
    if (said && interruptedAt === Number.POSITIVE_INFINITY) heard(tab, said.seq)
    enqueue(
      tab,
      spokenIn(entries, from, typeOf, useQueue.getState().interruptedAt).map(({ seq, node, text, audio }) => ({
        ...{ seq, node, text: text || nameOf(now, node) },
        url: urlOf(rest, tab, audio),
      })),
    )
  }
  const stop = runs.subscribe(({ tabs }, before) => {
    const now = tabs[tab]
    if (now && now !== before.tabs[tab]) look(now, before.tabs[tab])
  })
  return () => {
    stop()
    if (useQueue.getState().tab === tab) clearQueue()
  }
}

async function urlOf(rest: RestClient, tab: string, audio: Parameters<typeof mediaOf>[0]): Promise<string> {
  const media = mediaOf(audio)
  const value = media?.blob === undefined ? media?.url : await loadBlob(rest, tab, media.blob)
  if (typeof value !== 'string') throw new Error('expected a sound')
  return value
}

function nodeAt(run: TabRun, path: string): NodeDocument | undefined {
  const parts = path.split('/')
  const id = parts.pop() ?? ''
  return documentAt(run, parts)?.nodes[id]
}

function nameOf(run: TabRun, path: string): string {
  const node = nodeAt(run, path)
  return node ? titleOf(node, registry) : path
}
