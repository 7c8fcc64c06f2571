import { useReactFlow } from '@xyflow/react'
import { useEffect } from 'react'
import { copyText, cutText, pasteText } from '../document/clipboard.ts'
import { duplicate } from '../document/duplicate.ts'
import { redo, select, tabOf, undo } from '../document/store.ts'
import { openCommands } from '../help/commands.tsx'
import { openHelp } from '../help/keys.tsx'
import { placeOf } from '../inside/place.ts'
import { toggleKnowledge } from '../knowledge/place.ts'
import { openQuickAdd } from '../palette/quick-add.tsx'
import { registry } from '../registry.ts'
import { toggleStops } from '../run/controls.ts'
import { stepOut } from '../run/inside.ts'
import { save } from '../save/save.ts'
import { useSession } from '../session/context.ts'
import type { Session } from '../session/context.ts'
import { keptOf, pathOn, removePins } from '../steering/kept.ts'
import { isPinnable, pinOutputs } from '../steering/pins.ts'

/** What Escape closes first. */
const OPEN = 'dialog[open], .quick, .open-menu__list, .node-menu'

/** The page's keys. In fields the browser's own hold; the clipboard works by its events, so that every browser allows it. */
export function useKeys(tab: string, page: string): void {
  const session = useSession()
  const flow = useReactFlow()
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const command = event.ctrlKey || event.metaKey
      const key = event.key.toLowerCase()
      const act = (work: () => void) => {
        event.preventDefault()
        work()
      }
      if (command && key === 's') return act(() => void save(session, tab))
      if (command && key === 'k') return act(openCommands)
      if (isTyping(event.target)) return undefined
      if (command && key === 'z') return page === tab ? act(() => (event.shiftKey ? redo(tab) : undo(tab))) : undefined
      if (command && key === 'y') return act(() => redo(tab))
      if (command && key === 'd' && !tabOf(page)?.fixed) return act(() => duplicate(page))
      if (command && key === 'a') return act(() => select(page, Object.keys(tabOf(page)?.document.nodes ?? {})))
      if (event.key === '?') return act(openHelp)
      if (key === 'k' && !event.altKey && !document.querySelector(OPEN)) return act(toggleKnowledge)
      if ((key === 'b' || key === 'p') && !command && !event.altKey && !document.querySelector(OPEN))
        return act(() => steer(session, page, key))
      const { path } = placeOf(page)
      if (event.key === 'Escape' && path.length > 0 && !event.defaultPrevented && !document.querySelector(OPEN))
        return act(() => stepOut(tab, path.length - 1))
      if (page !== tab || tabOf(tab)?.fixed) return undefined
      const chosen = tabOf(tab)?.selection[0]
      const node = chosen === undefined ? undefined : tabOf(tab)?.document.nodes[chosen]
      if (
        event.key === 'Tab' &&
        !event.shiftKey &&
        chosen !== undefined &&
        node &&
        (event.target as Element).closest?.('.react-flow__node')
      ) {
        return act(() => {
          const [x, y] = node.at ?? [0, 0]
          openQuickAdd({ tab, at: { x: x + 280, y: y + 20 }, screen: flow.flowToScreenPosition({ x: x + 230, y }) })
        })
      }
      return undefined
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [session, tab, page, flow])
  useClipboard(page)
}

/** Breakpoints and pins of what is selected. */
function steer(session: Session, page: string, key: 'b' | 'p'): void {
  const shown = tabOf(page)
  const { tab } = placeOf(page)
  if (!shown || shown.fixed === 'recording') return
  if (key === 'b') {
    const stops = shown.selection.filter(id => {
      const type = registry.get(shown.document.nodes[id]?.type ?? '')
      return type !== undefined && type.kind !== 'pure'
    })
    if (stops.length > 0)
      toggleStops(
        tab,
        stops.map(id => pathOn(page, id)),
      )
    return
  }
  const { pins } = keptOf(tab)
  for (const id of shown.selection) {
    const path = pathOn(page, id)
    if (Object.hasOwn(pins, path)) removePins(tab, [path])
    else if (isPinnable(registry.get(shown.document.nodes[id]?.type ?? ''))) void pinOutputs(session, page, id)
  }
}

function useClipboard(page: string): void {
  useEffect(() => {
    const onCopy = (event: ClipboardEvent) => put(event, copyText(page))
    const onCut = (event: ClipboardEvent) =>
      put(event, isTyping(event.target) ? undefined : tabOf(page)?.fixed ? copyText(page) : cutText(page))
    const onPaste = (event: ClipboardEvent) => {
      if (
        !isTyping(event.target) &&
        !tabOf(page)?.fixed &&
        pasteText(page, event.clipboardData?.getData('text/plain') ?? '')
      )
        event.preventDefault()
    }
    window.addEventListener('copy', onCopy)
    window.addEventListener('cut', onCut)
    window.addEventListener('paste', onPaste)
    return () => {
      window.removeEventListener('copy', onCopy)
      window.removeEventListener('cut', onCut)
      window.removeEventListener('paste', onPaste)
    }
  }, [page])
}

function put(event: ClipboardEvent, text: string | undefined): void {
  if (!text || isTyping(event.target) || String(window.getSelection() ?? '') !== '') return
  event.clipboardData?.setData('text/plain', text)
  event.preventDefault()
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && target.type === 'range')
  )
}
