import { isObject } from '#graph/json.ts'
import type { Part } from './edits.ts'
import { insert, partOf, removeNodes } from './edits.ts'
import { edit, select, tabOf } from './store.ts'

/** Marks what is copied: plain JSON, so that it goes through every clipboard, mail and file. */
const KIND = 'spellmesh/nodes'
const STEP = 40

/** What is selected, as the text that the clipboard holds; undefined: nothing is. */
export function copyText(tab: string): string | undefined {
  const current = tabOf(tab)
  if (!current || current.selection.length === 0) return undefined
  return JSON.stringify({ kind: KIND, ...partOf(current.document, new Set(current.selection)) }, undefined, 2)
}

export function cutText(tab: string): string | undefined {
  const text = copyText(tab)
  const current = tabOf(tab)
  if (text && current) edit(tab, 'Cut', document => removeNodes(document, new Set(current.selection)))
  return text
}

/** Puts copied nodes into a tab, beside where they were. False: the text is something else. */
export function pasteText(tab: string, text: string): boolean {
  const part = readPart(text)
  if (!part) return false
  let ids: readonly string[] = []
  edit(tab, 'Paste', document => {
    const made = insert(document, part, [STEP, STEP])
    ids = made.ids
    return made.document
  })
  select(tab, ids)
  return true
}

function readPart(text: string): Part | undefined {
  if (!text.includes(KIND)) return undefined
  try {
    const value = JSON.parse(text) as unknown
    if (!isObject(value) || value['kind'] !== KIND || !isObject(value['nodes']) || !Array.isArray(value['wires']))
      return undefined
    const fine = Object.values(value['nodes']).every(node => isObject(node) && typeof node['type'] === 'string')
    return fine ? (value as unknown as Part) : undefined
  } catch {
    return undefined
  }
}
