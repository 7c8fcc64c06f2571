import type { SpellDocument } from '#graph/document.ts'
import { FORMAT } from '#graph/document.ts'
import type { Json } from '#graph/json.ts'
import type { Difference } from './difference.ts'
import { differences, isSame } from './difference.ts'
import type { Importer, Original, Slot } from './importer.ts'
import { ImportError } from './importer.ts'

/** A spell on its way back. */
export interface Exported {
  readonly format: string
  /** JSON; or, where the format's files are none, their text as a JSON string. */
  readonly document: Json
  /** What of the spell has no place in the format, and therefore is not in there. */
  readonly notes: readonly string[]
}

/** Nodes that are imported anew to try what is proposed, all together. */
const MOST_NODES = 50_000
const MOST_TRIES = 1_000

/**
 * Gives a spell in the format that it was imported from, or in our own (`spell/1`). What was not changed since is as it was; what was, and has a place in the
 * original, stands there; the rest is told. Nothing is guessed: a change counts only when importing the result gives it. Throws an {@link ImportError}
 * where the spell has no original, or one of another format.
 */
export function exportDocument(spell: SpellDocument, importers: readonly Importer[], format = ''): Exported {
  const { origin } = spell
  if (format === FORMAT) return { format, document: JSON.parse(JSON.stringify(spell)) as Json, notes: [] }
  if (!origin) throw new ImportError([{ path: 'origin', message: 'the spell was not imported: there is no way back' }])
  if (format !== '' && format !== origin.format)
    throw new ImportError([
      { path: 'format', message: `the spell was imported from "${origin.format}": expected that, or "${FORMAT}"` },
    ])
  const original = importers.find(one => one.format === origin.format)?.original?.(origin.document)
  if (!original) throw new ImportError([{ path: 'origin.format', message: `nothing writes "${origin.format}"` }])
  const search = new Search(spell, original)
  search.settle()
  search.move()
  const { value } = search
  return {
    format: origin.format,
    document: original.write(value),
    notes: search.notes(),
  }
}

/** Looks for the changes of the original that make it what the spell is. */
class Search {
  readonly #spell: SpellDocument
  readonly #original: Original
  readonly #notes: string[] = []
  value: Json
  #left: readonly Difference[]
  #tries: number
  #given = 0

  constructor(spell: SpellDocument, original: Original) {
    this.#spell = spell
    this.#original = original
    this.value = original.value
    this.#left = this.#differences(original.value)
    this.#tries = Math.min(MOST_TRIES, Math.ceil(MOST_NODES / Math.max(1, Object.keys(spell.nodes).length)))
  }

  #differences(value: Json): readonly Difference[] {
    const { convert } = this.#original
    return differences(this.#spell, [convert(value, true), convert(value, false)])
  }

  /** Finds a place for one difference after the other; each may settle others, too. */
  settle(): void {
    this.#settleAtOnce()
    const seen = new Set<string>()
    for (let next = this.#next(seen); next; next = this.#next(seen)) {
      seen.add(next.path)
      this.#settleOne(next)
    }
  }

  /** Most changes have one place that holds just what was there before: all of those are tried together. */
  #settleAtOnce(): void {
    const settled = new Set<string>()
    let value = this.value
    for (const { path, node, before, after, reason } of this.#left) {
      if (reason !== undefined || before === undefined || after === undefined) continue
      const [slot, ...others] = this.#original.slots(value, path, node).filter(one => isSame(one.value, before))
      if (!slot || others.length > 0) continue
      value = slot.put(after)
      settled.add(path)
    }
    const left = settled.size > 1 ? this.#tryWith(value) : undefined
    if (!left || left.length !== this.#left.length - settled.size || left.some(({ path }) => settled.has(path))) return
    this.value = value
    this.#left = left
  }

  #next(seen: ReadonlySet<string>): Difference | undefined {
    return this.#left.find(one => one.reason === undefined && !seen.has(one.path))
  }

  #settleOne(difference: Difference): void {
    for (const slot of this.#original.slots(this.value, difference.path, difference.node)) {
      for (const proposed of proposals(slot, difference)) {
        if (this.#tries-- <= 0) {
          this.#given++
          return
        }
        const value = slot.put(proposed)
        const left = this.#tryWith(value)
        if (left && left.length < this.#left.length && !left.some(one => one.path === difference.path)) {
          this.value = value
          this.#left = left
          return
        }
      }
    }
  }

  #tryWith(value: Json): readonly Difference[] | undefined {
    try {
      return this.#differences(value)
    } catch (error) {
      if (error instanceof ImportError) return undefined
      throw error
    }
  }

  /** Places on the canvas: those of nodes that stand for one of the original. */
  move(): void {
    const before = this.#original.convert(this.value, true)
    let lost = 0
    for (const [id, { at }] of Object.entries(this.#spell.nodes)) {
      const from = before.nodes[id]?.at
      if (!at || !from || (at[0] === from[0] && at[1] === from[1])) continue
      const moved = this.#original.move(this.value, id, [at[0] - from[0], at[1] - from[1]])
      if (moved === undefined) lost++
      else this.value = moved
    }
    if (lost > 0)
      this.#notes.push(`places on the canvas of nodes that the original does not have are left out: ${lost}`)
    const placesOf = ({ notes }: SpellDocument) =>
      JSON.stringify(notes.map(({ at, size }) => [at ?? null, size ?? null]))
    if (placesOf(this.#spell) !== placesOf(before) && this.#spell.notes.length === before.notes.length)
      this.#notes.push('places and sizes of notes on the canvas are left out')
  }

  notes(): readonly string[] {
    return [
      ...this.#left.map(({ path, reason, after }) =>
        reason === undefined ? `${path}: there is no place in the original for ${show(after)}` : `${path}: ${reason}`,
      ),
      ...this.#notes,
      ...(this.#given > 0
        ? [`there were too many changes to look for all of their places: ${this.#given} were given up`]
        : []),
    ]
  }
}

/** What a place might hold instead, so that a difference is gone. */
function proposals({ value }: Slot, { before, after }: Difference): readonly Json[] {
  if (after === undefined) return []
  if (value === undefined) return before === undefined ? [after] : []
  const found: Json[] = []
  if (isSame(value, before)) found.push(after)
  if (typeof value === 'string' && typeof before === 'number' && Number(value) === before)
    found.push(`${JSON.stringify(after)}`)
  if (typeof value !== 'string' || typeof before !== 'string' || typeof after !== 'string') return found
  // The text of the original stands within a longer one here: what is around it must be as it was.
  for (
    let at = value === '' ? -1 : before.indexOf(value);
    at >= 0 && found.length < 10;
    at = before.indexOf(value, at + 1)
  ) {
    const [head, tail] = [before.slice(0, at), before.slice(at + value.length)]
    if (after.length >= head.length + tail.length && after.startsWith(head) && after.endsWith(tail))
      found.push(after.slice(head.length, after.length - tail.length))
  }
  return found
}

function show(value: Json | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
