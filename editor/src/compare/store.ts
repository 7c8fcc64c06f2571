import { useEffect } from 'react'
import { create } from 'zustand'
import type { RunRecord } from '#client/index.ts'
import type { Entry } from '#graph/journal.ts'
import { useTabRun } from '../run/store.ts'
import { useSession } from '../session/context.ts'
import type { Session } from '../session/context.ts'
import { showSection } from '../timeline/section.ts'

/** The two runs that a tab compares, by their ids. */
export interface Pair {
  readonly a: string
  readonly b: string
}

const usePairs = create<Readonly<Record<string, Pair | undefined>>>(() => ({}))

/** Shows two runs side by side. */
export function openComparison(tab: string, pair: Pair): void {
  usePairs.setState({ [tab]: pair })
  showSection(tab, 'compare')
}

export function closeComparison(tab: string): void {
  usePairs.setState({ [tab]: undefined })
  showSection(tab, 'runs')
}

export function usePair(tab: string): Pair | undefined {
  return usePairs(pairs => pairs[tab])
}

/** A run that is compared. */
export interface Journal {
  readonly run: RunRecord
  readonly entries: readonly Entry[]
}
type Loaded = Journal | { readonly message: string }

const useLoaded = create<Readonly<Record<string, Loaded>>>(() => ({}))

async function load({ client, rest }: Session, id: string): Promise<void> {
  try {
    const run = await rest.getRun(id).catch(() => undefined)
    const handle = await client.watchRun(id)
    const isOver = (run ?? handle.run).endedAt > 0
    // Of a run that goes on, what is there now.
    const entries = isOver ? (await handle.completed).entries : (await rest.entries(id)).entries
    handle.release()
    useLoaded.setState({ [id]: { run: run ?? handle.run, entries: [...entries] } })
  } catch (error) {
    useLoaded.setState({ [id]: { message: error instanceof Error ? error.message : String(error) } })
  }
}

/** The journal of a run: that of the tab as it grows, any other as it was when it was asked for. */
export function useJournal(tab: string, id: string): Loaded | undefined {
  const session = useSession()
  const { run, timeline } = useTabRun(tab)
  const isShown = run?.id === id
  const loaded = useLoaded(all => all[id])
  useEffect(() => {
    if (!isShown) void load(session, id)
  }, [session, isShown, id])
  return isShown ? { run, entries: timeline.entries } : loaded
}
