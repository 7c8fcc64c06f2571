import { create } from 'zustand'
import { silence, takeSpeaker } from '../media/speaker.ts'

/** A sound that waits for its turn. */
export interface Queued {
  readonly seq: number
  readonly node: string
  readonly text: string
  /** The data URL; large ones are still on their way. */
  readonly url: Promise<string>
}

interface QueueState {
  readonly tab: string
  readonly current: Queued | undefined
  readonly waiting: readonly Queued[]
  readonly isPaused: boolean
  /** How many were played to their end since it was last empty. */
  readonly played: number
  /** Why nothing is heard, though something should be. */
  readonly trouble: string
  /** Of the tab: the entry with which somebody interrupted; infinite while they still speak. */
  readonly interruptedAt: number
}

const NOTHING: QueueState = {
  ...{ tab: '', current: undefined, waiting: [], isPaused: false, played: 0, trouble: '', interruptedAt: 0 },
}
export const useQueue = create<QueueState>(() => NOTHING)

let audio: HTMLAudioElement | undefined

/** Says it when all before it was said. */
export function enqueue(tab: string, sounds: readonly Queued[]): void {
  if (sounds.length === 0) return
  const before = useQueue.getState()
  useQueue.setState({
    ...(before.tab === tab ? {} : { ...NOTHING, tab }),
    waiting: [...(before.tab === tab ? before.waiting : []), ...sounds],
  })
  if (!useQueue.getState().current) void next()
}

async function next(): Promise<void> {
  const [current, ...waiting] = useQueue.getState().waiting
  if (!current) {
    audio = undefined
    useQueue.setState({ current: undefined, played: 0, isPaused: false })
    return
  }
  useQueue.setState({ current, waiting, trouble: '' })
  try {
    const url = await current.url
    if (useQueue.getState().current === current) play(current, url)
  } catch (error) {
    if (useQueue.getState().current === current) {
      useQueue.setState({ trouble: error instanceof Error ? error.message : String(error) })
      void next()
    }
  }
}

function play(current: Queued, url: string): void {
  const element = new Audio(url)
  audio = element
  const isCurrent = () => useQueue.getState().current === current && audio === element
  const goOn = () => {
    if (!isCurrent()) return
    useQueue.setState(({ played }) => ({ played: played + 1 }))
    void next()
  }
  element.addEventListener('ended', goOn)
  element.addEventListener('error', goOn)
  takeSpeaker(pause)
  if (useQueue.getState().isPaused) return
  element.play().catch((error: unknown) => {
    // A page may make a sound only once somebody has touched it.
    if (isCurrent() && error instanceof DOMException && error.name === 'NotAllowedError')
      useQueue.setState({ isPaused: true, trouble: 'Press play to hear it' })
  })
}

export function pause(): void {
  audio?.pause()
  useQueue.setState({ isPaused: true })
}

export function resume(): void {
  useQueue.setState({ isPaused: false, trouble: '' })
  if (!audio) return
  takeSpeaker(pause)
  audio.play().catch(() => useQueue.setState({ isPaused: true }))
}

/** Goes on to the next one. */
export function skip(): void {
  audio?.pause()
  useQueue.setState({ isPaused: false })
  void next()
}

/** Says nothing of what waits any more. */
export function clearQueue(): void {
  audio?.pause()
  audio = undefined
  const { tab, interruptedAt } = useQueue.getState()
  useQueue.setState({ ...NOTHING, tab, interruptedAt })
}

/** Somebody begins to speak to a tab's spell: it falls silent, and what it was still making is not said. */
export function interrupt(tab: string): void {
  silence()
  clearQueue()
  useQueue.setState({ tab, interruptedAt: Number.POSITIVE_INFINITY })
}

/** What was said has reached the spell with entry `seq`; 0: nothing was said after all. */
export function heard(tab: string, seq: number): void {
  if (useQueue.getState().tab === tab) useQueue.setState({ interruptedAt: seq })
}
