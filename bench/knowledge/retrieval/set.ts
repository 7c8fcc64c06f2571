import { building, kitchen, machines } from './made.ts'
import { animals, plants, sky } from './nature.ts'
import { earth, sea, writing } from './world.ts'
import { antiquity, medicine, trade } from './people.ts'

/** How a question says what its passage says. */
export type QuestionKind = 'words' | 'forms' | 'typo' | 'other' | 'compound' | 'name' | 'hops'

/** Its kind, its text, and the passages that answer it: those ending in `:1` help only. */
export type Question = readonly [kind: QuestionKind, text: string, ...passages: string[]]

/** Passages that share words, and questions about them. */
export interface Theme {
  readonly passages: Readonly<Record<string, string>>
  readonly questions: readonly Question[]
}

/** All of it; see README.md. */
export const THEMES: Readonly<Record<string, Theme>> = {
  building,
  kitchen,
  machines,
  animals,
  plants,
  sky,
  earth,
  sea,
  writing,
  antiquity,
  medicine,
  trade,
}
