import { create } from 'zustand'
import type { Span } from './records.ts'

/** Parts of the drawer. */
export type Section = 'documents' | 'memory' | 'entities'

/** What a part shows. */
export type Place =
  | { readonly view: 'list' }
  | { readonly view: 'document'; readonly id: string }
  | { readonly view: 'chunk'; readonly id: string; readonly documentId: string; readonly marked?: Marked }
  | { readonly view: 'transcript'; readonly channel: string }
  | { readonly view: 'entity'; readonly id: string }

/** What of a piece is to be marked: these places in this text, or this text itself. */
export interface Marked {
  readonly text: string
  readonly spans: readonly Span[]
}

interface Drawer {
  readonly open: boolean
  readonly section: Section
  /** The account whose knowledge was shown last. */
  readonly owner: string
  /** The way that led to where each part is; the last one is shown. */
  readonly ways: Readonly<Record<Section, readonly Place[]>>
}

const KEPT = 'spellmesh.knowledge'
const START: readonly Place[] = [{ view: 'list' }]

export const useDrawer = create<Drawer>(() => ({
  ...readKept(),
  owner: '',
  ways: { documents: START, memory: START, entities: START },
}))

/** Opens the drawer at a part of it; without one, at the last. */
export function openKnowledge(section = useDrawer.getState().section): void {
  useDrawer.setState({ open: true, section })
  keep()
}

export function closeKnowledge(): void {
  useDrawer.setState({ open: false })
  keep()
}

export function toggleKnowledge(): void {
  if (useDrawer.getState().open) closeKnowledge()
  else openKnowledge()
}

/** Shows a place; {@link goBack} leads to where one was. */
export function goTo(section: Section, place: Place): void {
  const { ways } = useDrawer.getState()
  const way = ways[section]
  const next = place.view === 'list' ? START : isSame(way.at(-1), place) ? way : [...way, place].slice(-MOST)
  useDrawer.setState({ ways: { ...ways, [section]: next } })
  openKnowledge(section)
}
const MOST = 50

/** Shows a place instead of the present one: the way back stays. */
export function goInstead(section: Section, place: Place): void {
  useDrawer.setState(({ ways }) => ({ ways: { ...ways, [section]: [...ways[section].slice(0, -1), place] } }))
}

export function goBack(section: Section): void {
  useDrawer.setState(({ ways }) => {
    const way = ways[section].slice(0, -1)
    return { ways: { ...ways, [section]: way.length > 0 ? way : START } }
  })
}

export function usePlace(section: Section): Place {
  return useDrawer(({ ways }) => ways[section].at(-1)) ?? { view: 'list' }
}

function isSame(a: Place | undefined, b: Place): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Whether it is open, and at which part, is remembered in this browser. */
function keep(): void {
  const { open, section } = useDrawer.getState()
  localStorage.setItem(KEPT, JSON.stringify({ open, section }))
}

function readKept(): Pick<Drawer, 'open' | 'section'> {
  try {
    const { open, section } = JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Partial<Drawer>
    const isKnown = section === 'memory' || section === 'entities'
    return { open: open === true && window.innerWidth >= 720, section: isKnown ? section : 'documents' }
  } catch {
    return { open: false, section: 'documents' }
  }
}
