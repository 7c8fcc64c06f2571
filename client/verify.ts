import { digestOfEntries } from '#graph/digest.ts'
import type { Entry } from '#graph/journal.ts'
import { isTerminal } from '#graph/journal.ts'
import type { VerifiedRun } from './types.ts'

/** Proves that a journal is whole: numbered 1 to `lastSeq` without a gap, ended, and its digest fits. Else: what is wrong with it. */
export function verify(entries: readonly Entry[]): VerifiedRun | { readonly problem: string } {
  const terminal = entries.at(-1)
  if (!terminal || !isTerminal(terminal)) return { problem: 'it has no end' }
  const odd = entries.findIndex((entry, index) => entry.seq !== index + 1)
  if (odd >= 0) return { problem: `entry ${odd + 1} is numbered ${entries[odd]?.seq}` }
  if (terminal.lastSeq !== entries.length)
    return { problem: `it ends with entry ${entries.length}, not ${terminal.lastSeq}` }
  const digest = digestOfEntries(entries)
  if (terminal.digest !== undefined && terminal.digest !== digest)
    return { problem: `its digest is ${digest}, not ${terminal.digest}` }
  return { entries, terminal, lastSeq: terminal.lastSeq, digest }
}
