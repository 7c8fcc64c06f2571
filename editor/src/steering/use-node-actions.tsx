import { CircleDot, CornerRightDown, Pin, PinOff, StepForward } from 'lucide-react'
import type { ReactNode } from 'react'
import { useMemo } from 'react'
import { useTab } from '../document/store.ts'
import { placeOf } from '../inside/place.ts'
import { useOpenCall } from '../inside/use-open-call.ts'
import { registry } from '../registry.ts'
import { toggleStops } from '../run/controls.ts'
import { useNodeRun, useTabRunField } from '../run/store.ts'
import { useSession } from '../session/context.ts'
import { runFrom } from './branch.ts'
import { pathOn, removePins, useKept } from './kept.ts'
import { isPinnable, pinOutputs } from './pins.ts'

/** Something that can be done with a node of a run. */
export interface NodeAction {
  readonly id: string
  readonly name: string
  readonly key?: string
  readonly icon: ReactNode
  /** Whether it is what is so now. */
  readonly isOn: boolean
  run(): void
}

/** What can be done with a node, as far as it makes sense at the moment. */
export function useNodeActions(page: string, id: string): readonly NodeAction[] {
  const session = useSession()
  const { tab, path: place } = placeOf(page)
  const path = pathOn(page, id)
  const type = registry.get(useTab(page, one => one.document.nodes[id]?.type) ?? '')
  const isRecording = useTab(tab, one => one.fixed === 'recording') ?? true
  const isStop = useKept(tab, ({ breakpoints }) => breakpoints.includes(path))
  const isPinned = useKept(tab, ({ pins }) => Object.hasOwn(pins, path))
  const state = useNodeRun(page, id)?.state
  const hasRun = useTabRunField(tab, 'run') !== undefined
  const open = useOpenCall(page)
  const isTop = place.length === 0
  return useMemo(() => {
    const size = 14
    const hasGiven = state === 'done' || state === 'cached'
    const all: readonly (NodeAction | false | undefined)[] = [
      type?.role === 'sub-spell' && {
        ...{ id: 'into', name: 'Look inside', key: 'Enter', icon: <CornerRightDown size={size} />, isOn: false },
        run: () => void open(id),
      },
      type !== undefined &&
        type.kind !== 'pure' &&
        !isRecording && {
          ...{ id: 'breakpoint', key: 'B', icon: <CircleDot size={size} />, isOn: isStop },
          name: isStop ? 'Remove the breakpoint' : 'Pause before this node',
          run: () => toggleStops(tab, [path]),
        },
      hasRun &&
        isTop &&
        type?.role !== 'input' &&
        !isRecording && {
          ...{ id: 'from', name: 'Run from here', icon: <StepForward size={size} />, isOn: false },
          run: () => void runFrom(session, tab, id),
        },
      isPinned
        ? {
            ...{ id: 'pin', name: 'Remove the pin', key: 'P', icon: <PinOff size={size} />, isOn: true },
            run: () => removePins(tab, [path]),
          }
        : hasGiven &&
          isPinnable(type) &&
          !isRecording && {
            ...{ id: 'pin', name: 'Pin these outputs', key: 'P', icon: <Pin size={size} />, isOn: false },
            run: () => void pinOutputs(session, page, id),
          },
    ]
    return all.filter(one => one !== false && one !== undefined)
  }, [session, page, tab, path, id, type, isRecording, isStop, isPinned, state, hasRun, isTop, open])
}
