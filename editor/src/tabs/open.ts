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
async function importFile(session: Session, file: File): Promise<void> {
  if (file.size > LIMIT_BYTES)
    return say(`“${file.name}” is too large: expected at most ${LIMIT_BYTES / 1024 / 1024} MB`, 'warn')
  await importText(session, file.name, await file.text())
}

async function importText(session: Session, name: string, text: string): Promise<void> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (RIVET.test(name)) return importDocument(session, name, text)
    const isRun = /^\s*\{\s*"format"\s*:\s*"run\//.test(text)
    return say(
      isRun
        ? `“${name}” is not whole, it was cut or changed: ${error instanceof Error ? error.message : String(error)}`
        : `“${name}” is not JSON: expected a recorded run, a spell, or a document of Thoth, Magick or Rivet`,
      'warn',
    )
  }
  if (!isObject(value)) return say(`“${name}” is neither a spell nor a recorded run`, 'warn')
  if (isRecording(value)) return void (await openRecording(session, name, value))
  if (RIVET_RECORDING.test(name)) return say(`“${name}” needs its project: drop both files together`, 'warn')
  await importDocument(session, name, value as JsonObject)
}

/** Files of Rivet: projects are YAML, recordings JSON. */
const RIVET = /\.rivet-(project|graph)$/i
const RIVET_RECORDING = /\.rivet-recording$/i

/** Imports each file; a recording of Rivet and the project that it belongs to are one. */
export async function importFiles(session: Session, files: readonly File[]): Promise<void> {
  const recording = files.find(({ name }) => RIVET_RECORDING.test(name))
  const project = files.find(({ name }) => RIVET.test(name))
  if (!recording || !project) {
    for (const file of files) await importFile(session, file)
    return
  }
  const { convertRecording } = await import('#importers/rivet/recording.ts')
  try {
    const converted = convertRecording(JSON.parse(await recording.text()), await project.text())
    await openRecording(session, recording.name, converted.recording as unknown as JsonObject)
    for (const note of converted.notes.slice(0, 3)) say(note, 'info')
  } catch (error) {
    say(`“${recording.name}” could not be read: ${error instanceof Error ? error.message : String(error)}`, 'warn')
  }
  for (const file of files) if (file !== recording && file !== project) await importFile(session, file)
}

/** A document of any format that the server knows: JSON, or the text of a file that is none. */
async function importDocument(session: Session, name: string, document: JsonObject | string): Promise<void> {
  try {
    const { spell, report, others } = await session.rest.importSpell('', document)
    await openSpell(session, spell.id)
    if (others.length > 0) say(`${others.length} more spells came with it: it calls them.`, 'info')
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
