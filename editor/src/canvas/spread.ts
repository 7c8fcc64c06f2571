import { useContext, useEffect, useState } from 'react'
import { useStore } from 'zustand'
import { runs } from '../run/store.ts'
import type { TabRun } from '../run/store.ts'
import { Far } from './far.ts'

/** How many cards and wires change in a frame while all of a large spell is in sight. */
const IN_A_FRAME = 160

const waiting = new Set<() => void>()

function enqueue(job: () => void): void {
  if (waiting.size === 0) requestAnimationFrame(flush)
  waiting.add(job)
}

function flush(): void {
  let count = 0
  for (const job of waiting) {
    waiting.delete(job)
    job()
    if (++count === IN_A_FRAME) break
  }
  if (waiting.size > 0) requestAnimationFrame(flush)
}

/** Something of a page's run: at once where it can be read; from far away, where thousands of cards may be in sight, a part of them with each frame. */
export function useSpread(page: string, read: (run: TabRun | undefined) => string): string {
  const isFar = useContext(Far)
  const now = useStore(runs, ({ tabs }) => (isFar ? '' : read(tabs[page])))
  const [shown, setShown] = useState(() => read(runs.getState().tabs[page]))
  useEffect(() => {
    if (!isFar) return undefined
    const show = () => setShown(read(runs.getState().tabs[page]))
    let last = ''
    const look = () => {
      const next = read(runs.getState().tabs[page])
      if (next === last) return
      last = next
      enqueue(show)
    }
    look()
    const stop = runs.subscribe(look)
    return () => {
      stop()
      waiting.delete(show)
    }
    // What is read is the same for as long as the card is.
  }, [isFar, page])
  return isFar ? shown : now
}
