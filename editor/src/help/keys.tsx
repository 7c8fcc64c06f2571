import type { ReactNode } from 'react'
import { useEffect, useRef } from 'react'
import { create } from 'zustand'

const useHelp = create<{ open: boolean }>(() => ({ open: false }))
export const openHelp = (): void => useHelp.setState({ open: true })

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['Ctrl Enter', 'Run'],
  ['F8', 'Pause the run, and go on'],
  ['F10', 'Step: run one node of a paused run'],
  ['B', 'Pause before the selected nodes, or not any more'],
  ['P', 'Pin what the selected nodes gave, or let them run again'],
  ['F on the timeline', 'Fork here: a new run goes on from the slider’s position'],
  ['Ctrl S', 'Save'],
  ['K', 'Knowledge: documents, memory, entities; Esc leads back'],
  ['Ctrl K', 'Commands: find a node, open a spell, add a node'],
  ['Ctrl Z / Ctrl Shift Z', 'Undo, redo'],
  ['Ctrl C, X, V', 'Copy, cut, paste nodes (plain JSON)'],
  ['Ctrl D', 'Duplicate'],
  ['Ctrl A', 'Select all nodes'],
  ['Delete', 'Delete nodes and wires'],
  ['Double click, or Tab from a node', 'Add a node'],
  ['Shift drag', 'Select by a box'],
  ['Arrow keys', 'Move what is selected'],
  ['Enter, or double click', 'Look inside a sub-spell; Esc leads out again'],
  ['← → on the timeline', 'Step by entry; with Shift by node'],
  ['Space on the timeline', 'Play and pause; with Shift backwards'],
  ['E on the timeline', 'To the next error; with Shift to the one before'],
  ['+ - on the timeline', 'Faster, slower'],
  ['Tab in the console', 'Complete commands, nodes and settings'],
  ['?', 'This list'],
]

/** The list of keys. */
export function Help(): ReactNode {
  const { open } = useHelp()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (open) dialog.current?.showModal()
  }, [open])
  if (!open) return null
  const close = () => useHelp.setState({ open: false })
  return (
    <dialog ref={dialog} className="dialog" onCancel={close} aria-labelledby="keys-title" data-testid="help">
      <h2 id="keys-title">Keys</h2>
      <table className="keys">
        <tbody>
          {KEYS.map(([keys, what]) => (
            <tr key={keys}>
              <th>
                {keys
                  .split(' ')
                  .map((key, index) =>
                    /^[/,]$|^(or|from|a|on|the|in|an|timeline|console|node|by|box)$/.test(key) ? (
                      <span key={index}>{key} </span>
                    ) : (
                      <kbd key={index}>{key}</kbd>
                    ),
                  )}
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <footer>
        <button className="button button--primary" onClick={close}>
          Close
        </button>
      </footer>
    </dialog>
  )
}
