import { create } from 'zustand'
import type { CommandAnswer } from './commands.ts'

/** What was typed into a tab's console, and what it said. */
interface Said {
  readonly answers: readonly CommandAnswer[]
  readonly history: readonly string[]
}

const NOTHING: Said = { answers: [], history: [] }
const MOST_ANSWERS = 400
const MOST_HISTORY = 100

const useConsoles = create<{ readonly tabs: Readonly<Record<string, Said>> }>(() => ({ tabs: {} }))

/** Of a tab; it stays while other sections are shown. */
export function useSaid(tab: string): Said {
  return useConsoles(({ tabs }) => tabs[tab] ?? NOTHING)
}

/** Adds a line that was typed, and what came of it. */
export function note(tab: string, line: string, said: readonly CommandAnswer[]): void {
  useConsoles.setState(({ tabs }) => {
    const { answers, history } = tabs[tab] ?? NOTHING
    const lines = [{ level: 'info' as const, text: `› ${line}` }, ...said]
    return {
      tabs: {
        ...tabs,
        [tab]: {
          answers: [...answers, ...lines].slice(-MOST_ANSWERS),
          history: [...history.filter(one => one !== line), line].slice(-MOST_HISTORY),
        },
      },
    }
  })
}

/** Empties the answers; what was typed can still be had by the arrow keys. */
export function clearAnswers(tab: string): void {
  useConsoles.setState(({ tabs }) => ({ tabs: { ...tabs, [tab]: { ...(tabs[tab] ?? NOTHING), answers: [] } } }))
}
