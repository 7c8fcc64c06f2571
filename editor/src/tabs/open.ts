import { ApiError } from '#client/index.ts'
import type { SpellRecord } from '#client/index.ts'
import { isRecording } from '#client/recording.ts'
import type { SpellDocument } from '#graph/document.ts'
import { isObject } from '#graph/json.ts'
import type { JsonObject } from '#graph/json.ts'
import { emptyDocument } from '../document/edits.ts'
import { addTab, changeTab, isDirty, pages, removeTab, showTab, tabOf } from '../document/store.ts'
import { say } from '../layout/toasts.tsx'
import { removeDraft } from '../offline/drafts.ts'
import { forget } from '../run/store.ts'
import type { Session } from '../session/context.ts'
import { openRecording } from './recording.ts'

const newId = () => `t${crypto.randomUUID()}`

/** Opens an empty spell. */
export function openNew(name = 'New spell'): string {
  const id = newId()
  addTab({ id, document: emptyDocument(name) })
  return id
}

/** Opens a document that the server does not have. */
export function openDocument(document: SpellDocument): string {
  const id = newId()
  addTab({ id, document })
  return id
}

/** Opens a stored spell in a tab, or shows the tab that has it. Says so where that cannot be. */
export async function openSpell(session: Session, spell: string): Promise<string | undefined> {
  const open = Object.values(pages.getState().tabs).find(tab => tab.spell === spell)
  if (open) {
    showTab(open.id)
    return open.id
  }
  try {
    const { spell: record } = await session.client.openSpell(spell)
    return openRecord(record)
  } catch (error) {
    say(
      error instanceof ApiError && error.status === 404
        ? 'There is no such spell, or it is not yours.'
        : `It could not be opened: ${error instanceof Error ? error.message : String(error)}`,
      'warn',
    )
    return undefined
  }
}

function openRecord({ id: spell, revision, document }: SpellRecord): string {
  const id = newId()
  addTab({ id, spell, revision, document: document as unknown as SpellDocument })
  return id
}

/** Closes a tab, in the session too. What was not saved asks first. */
export async function closeTab(session: Session, id: string): Promise<void> {
  const tab = tabOf(id)
  if (!tab) return
  if (isDirty(tab) && !window.confirm(`“${tab.document.name}” has changes that are not saved. Close it and lose them?`))
    return
  for (const page of Object.keys(pages.getState().tabs)) if (page.startsWith(`${id}/`)) removeTab(page)
  removeTab(id)
  forget(id)
  await removeDraft(session.account.id, id).catch(() => {})
  if (tab.spell && !Object.values(pages.getState().tabs).some(other => other.spell === tab.spell))
    await session.client.closeSpell(tab.spell).catch(() => {})
}

const LIMIT_BYTES = 200 * 1024 * 1024

/** Opens a file: a recorded run, a spell, a copied part of one, or a foreign format that the server knows. */
export async function importFile(session: Session, file: File): Promise<void> {
  if (file.size > LIMIT_BYTES)
    return say(`“${file.name}” is too large: expected at most ${LIMIT_BYTES / 1024 / 1024} MB`, 'warn')
  await importText(session, file.name, await file.text())
}

async function importText(session: Session, name: string, text: string): Promise<void> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const isRun = /^\s*\{\s*"format"\s*:\s*"run\//.test(text)
    return say(
      isRun
        ? `“${name}” is not whole, it was cut or changed: ${error instanceof Error ? error.message : String(error)}`
        : `“${name}” is not JSON: expected a recorded run, a spell, or a Thoth document`,
      'warn',
    )
  }
  if (!isObject(value)) return say(`“${name}” is neither a spell nor a recorded run`, 'warn')
  if (isRecording(value)) return void (await openRecording(session, name, value))
  try {
    const { spell, report } = await session.rest.importSpell('', value as JsonObject)
    await openSpell(session, spell.id)
    const of = (outcome: string) => report.nodes.filter(node => node.outcome === outcome)
    const [approximated, missing] = [of('approximated'), of('missing')]
    say(
      `Imported ${report.nodes.length} nodes${approximated.length > 0 ? `, ${approximated.length} of them approximated` : ''}${missing.length > 0 ? `, ${missing.length} not known here` : ''}.`,
      missing.length > 0 ? 'warn' : 'info',
    )
    for (const note of report.notes.slice(0, 3)) say(note, 'warn')
    for (const node of [...missing, ...approximated].slice(0, 3)) say(`${node.component}: ${node.note}`, 'warn')
  } catch (error) {
    const problems = error instanceof ApiError ? error.problems : []
    say(
      `“${name}” could not be imported: ${
        problems.length > 0
          ? problems
              .slice(0, 4)
              .map(({ path, message }) => `${path} ${message}`)
              .join('; ')
          : error instanceof Error
            ? error.message
            : String(error)
      }`,
      'warn',
    )
  }
}

/** Tells a tab that somebody has saved its spell. */
export function noteChanged(spell: string, revision: number): void {
  for (const tab of Object.values(pages.getState().tabs)) {
    if (tab.spell === spell && revision > tab.revision && !tab.saving) changeTab(tab.id, { newer: revision })
  }
}
