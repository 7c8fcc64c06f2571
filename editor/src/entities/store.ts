import { create } from 'zustand'
import type { EntityRecord } from '../knowledge/records.ts'
import { listEntities, whyNot } from '../knowledge/rest.ts'
import type { Session } from '../session/context.ts'

interface Entities {
  /** The last changed first. Undefined: nobody has answered yet. */
  readonly list: readonly EntityRecord[] | undefined
  readonly nextPage: string
  /** Empty: all kinds. */
  readonly kind: string
  /** Part of a name or alias. */
  readonly text: string
  /** Kinds that were seen. */
  readonly kinds: readonly string[]
  readonly trouble: string
}

/** Kinds that everybody knows. */
export const KINDS: readonly string[] = ['person', 'organisation', 'place', 'thing', 'bot']
const NOTHING: Entities = { list: undefined, nextPage: '', kind: '', text: '', kinds: [], trouble: '' }
export const useEntities = create<Entities>(() => NOTHING)
const { getState: state, setState: set } = useEntities
let turn = 0

export function forgetEntities(): void {
  turn++
  set(NOTHING, true)
}

/** Reads the list anew, or with `more` its next page. An answer that is late is dropped. */
export async function loadEntities({ rest }: Session, more = false): Promise<void> {
  const { kind, text, nextPage } = state()
  const mine = ++turn
  try {
    const page = await listEntities(rest, { kind, text, limit: 100, pageToken: more ? nextPage : '' })
    if (mine !== turn) return
    set(({ list, kinds }) => ({
      list: more ? [...(list ?? []), ...page.entities] : page.entities,
      nextPage: page.nextPageToken,
      kinds: [...new Set([...kinds, ...page.entities.map(one => one.kind)])].toSorted(),
      trouble: '',
    }))
  } catch (error) {
    if (mine === turn) set(({ list }) => ({ trouble: whyNot(error), list: list ?? [] }))
  }
}

export function chooseEntities(session: Session, chosen: Partial<Pick<Entities, 'kind' | 'text'>>): void {
  set(chosen)
  void loadEntities(session)
}
