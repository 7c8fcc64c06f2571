import type { SpellDocument } from './document.ts'
import type { CompileOptions } from './plan.ts'

/** Documents of sub-spells by what names them; see {@link libraryKey}. */
export type Library = Readonly<Record<string, SpellDocument>>

/** What a sub-spell is kept under: what its node says, and the revision where it says one. */
export function libraryKey(reference: string, revision?: number): string {
  return revision === undefined || revision <= 0 ? reference : `${reference}@${revision}`
}

/** The document that a sub-spell's node means. */
export function findInLibrary(library: Library, reference: string, revision?: number): SpellDocument | undefined {
  const key = libraryKey(reference, revision)
  return Object.hasOwn(library, key) ? library[key] : Object.hasOwn(library, reference) ? library[reference] : undefined
}

/** A library as `compile` asks for it. */
export function libraryOf(library: Library): NonNullable<CompileOptions['library']> {
  return (reference, revision) => findInLibrary(library, reference, revision)
}
