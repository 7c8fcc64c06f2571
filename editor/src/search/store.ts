import { create } from 'zustand'
import type { HitRecord } from '../knowledge/records.ts'
import { searchKnowledge, whyNot } from '../knowledge/rest.ts'
import type { Session } from '../session/context.ts'

/** How documents are searched. */
export type Mode = 'hybrid' | 'keyword' | 'vector'

interface SearchState {
  readonly query: string
  readonly mode: Mode
  /** Empty: any type of document. */
  readonly type: string
  /** Undefined: nobody has asked, or nobody has answered yet. */
  readonly hits: readonly HitRecord[] | undefined
  readonly notices: readonly string[]
  readonly tookMs: number
  readonly trouble: string
  readonly isBusy: boolean
}

const NOTHING: SearchState = {
  ...{ query: '', mode: 'hybrid', type: '', hits: undefined, notices: [], tookMs: 0, trouble: '', isBusy: false },
}
export const useSearch = create<SearchState>(() => NOTHING)
const { setState: set, getState: state } = useSearch
const AFTER_MS = 180
const MOST = 20
let turn = 0
let timer: ReturnType<typeof setTimeout> | undefined

export function forgetSearch(): void {
  turn++
  clearTimeout(timer)
  set(NOTHING, true)
}

/** Searches a moment after the last change: what was found before stays until there is an answer. */
export function askFor(
  session: Session,
  collection: string,
  asked: Partial<Pick<SearchState, 'query' | 'mode' | 'type'>>,
): void {
  const mine = ++turn
  clearTimeout(timer)
  set(asked)
  const { query } = state()
  if (query.trim() === '') return set({ hits: undefined, notices: [], trouble: '', isBusy: false })
  set({ isBusy: true })
  timer = setTimeout(() => void search(session, collection, mine), AFTER_MS)
}

async function search({ rest }: Session, collection: string, mine: number): Promise<void> {
  const { query, mode, type } = state()
  try {
    const found = await searchKnowledge(rest, {
      ...{ query: query.trim(), sources: ['documents'], mode, limit: MOST },
      ...(collection === '' ? {} : { collections: [collection] }),
      ...(type === '' ? {} : { types: [type] }),
    })
    if (mine === turn)
      set({ hits: found.hits, notices: found.notices, tookMs: found.tookMs, trouble: '', isBusy: false })
  } catch (error) {
    if (mine === turn) set({ hits: undefined, notices: [], trouble: whyNot(error), isBusy: false })
  }
}
