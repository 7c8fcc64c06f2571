import { create } from 'zustand'

/** What the bottom of the page shows. */
export type Section = 'lanes' | 'console' | 'runs' | 'chat' | 'compare'

interface Sections {
  readonly open: boolean
  readonly tabs: Readonly<Record<string, Section | undefined>>
}
const useSections = create<Sections>(() => ({ open: true, tabs: {} }))

/** Shows a section of a tab. */
export function showSection(tab: string, section: Section): void {
  useSections.setState(({ tabs }) => ({ open: true, tabs: { ...tabs, [tab]: section } }))
}

/** Opens or closes the bottom of the page. */
export function toggleSections(): void {
  useSections.setState(({ open }) => ({ open: !open }))
}

export function useSection(tab: string): { readonly section: Section; readonly open: boolean } {
  const section = useSections(({ tabs }) => tabs[tab] ?? 'lanes')
  const open = useSections(one => one.open)
  return { section, open }
}
