import type { RunRecord } from '#client/index.ts'
import { verify } from '#client/index.ts'
import { formatRecording, parseRecording } from '#client/recording.ts'
import type { Recording } from '#client/recording.ts'
import type { Entry } from '#graph/journal.ts'
import { addTab, pages } from '../document/store.ts'
import { say } from '../layout/toasts.tsx'
import type { RunnableTab } from '../run/actions.ts'
import { loadBlobs } from '../run/blobs.ts'
import { ranBy } from '../run/documents.ts'
import { loadLibrary } from '../run/library.ts'
import { repeat } from '../run/repeat.ts'
import { runOf, show } from '../run/store.ts'
import type { Session } from '../session/context.ts'

/** Opens a recorded run in a tab of its own, where nothing can be changed. No server is asked. Says so where the file is none. */
export async function openRecording(session: Session, file: string, value: unknown): Promise<string | undefined> {
  const { recording, problems } = parseRecording(value)
  if (!recording) {
    const told = problems.slice(0, 4).map(({ path, message }) => `${path} ${message}`)
    const more = problems.length > 4 ? `; and ${problems.length - 4} more` : ''
    say(`“${file}” cannot be shown as a run: ${told.join('; ')}${more}`, 'warn')
    return undefined
  }
  const { spell: document, library, entries, blobs = {} } = recording
  const id = `f${crypto.randomUUID()}`
  addTab({ id, document, fixed: 'recording', warning: warningOf(entries) })
  show(id, { run: recordOf(entries), entries, document, library, blobs })
  await repeat(session, id, { entries, blobs }, { document, library })
  return id
}

/** What is wrong with the entries of a file; undefined: nothing. */
function warningOf(entries: readonly Entry[]): string | undefined {
  const verified = verify(entries)
  if (!('problem' in verified)) return undefined
  return verified.problem === 'it has no end'
    ? `This file ends in the middle of the run, after entry ${entries.length}: it was saved while the run was at work, or it was cut.`
    : `This file is not what was recorded: ${verified.problem}. What it shows may be wrong.`
}

function recordOf(entries: readonly Entry[]): RunRecord {
  const [first, last] = [entries[0], entries.at(-1)]
  const begun = first?.kind === 'run.started' ? first : undefined
  const ended = last && 'lastSeq' in last ? last : undefined
  return {
    ...{ id: begun?.run ?? '', spellId: begun?.spell ?? '', spellRevision: begun?.revision ?? 0, attempt: 1 },
    ...{ inputs: begun?.inputs ?? {}, lastSeq: entries.length, digest: ended?.digest ?? '' },
    status: ended ? STATUS[ended.kind] : 'cancelled',
    outputs: ended?.kind === 'run.completed' ? ended.outputs : {},
    ...(ended?.kind === 'run.failed' ? { error: { node: '', ...ended.error } } : {}),
    startedAt: begun?.at ?? 0,
    endedAt: last?.at ?? 0,
  }
}

const STATUS = { 'run.completed': 'completed', 'run.failed': 'failed', 'run.cancelled': 'cancelled' } as const

/** Opens the spell of a recorded run as one that can be changed. */
export function openAsSpell(tab: string): void {
  const document = pages.getState().tabs[tab]?.document
  if (document) addTab({ id: `t${crypto.randomUUID()}`, document })
}

/** Saves the run that a tab shows as a file, as far as it has come. */
export async function saveShown(session: Session, tab: string): Promise<void> {
  const { document, library, timeline } = runOf(tab)
  if (!document || timeline.last === 0) return say('There is no run to save yet.', 'warn')
  const blobs = await loadBlobs(session.rest, tab)
  download(document.name, recordingOf({ spell: document, library, entries: [...timeline.entries], blobs }))
}

/** Saves any run of a tab's spell as a file. */
export async function saveRun(session: Session, tab: RunnableTab, run: RunRecord): Promise<void> {
  if (runOf(tab.id).run?.id === run.id) return saveShown(session, tab.id)
  try {
    const handle = await session.client.watchRun(run.id)
    const { document, library } = await ranBy(session, tab, run)
    const { entries, blobs = {} } = run.endedAt === 0 ? { entries: handle.entries, blobs: {} } : await handle.completed
    const recording = recordingOf({
      ...{ spell: document, entries: [...entries], blobs },
      library: library ?? (await loadLibrary(session.rest, document)),
    })
    handle.release()
    download(document.name, recording)
  } catch (error) {
    say(`The run could not be saved: ${error instanceof Error ? error.message : String(error)}`, 'warn')
  }
}

function recordingOf(given: Pick<Recording, 'spell' | 'library' | 'entries' | 'blobs'>): Recording {
  const [first] = given.entries
  return first?.kind === 'run.started'
    ? { ...given, inputs: first.inputs, state: first.state }
    : { ...given, inputs: {}, state: {} }
}

function download(name: string, recording: Recording): void {
  const started = new Date(recording.entries[0]?.at ?? Date.now()).toISOString().slice(0, 19).replaceAll(':', '-')
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([formatRecording(recording)], { type: 'application/json' }))
  link.download = `${name.replace(/[^\p{L}\p{N} _-]+/gu, '').trim() || 'spell'} ${started}.run`
  link.click()
  // Chromium has taken the bytes by then; others may still be at it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
