import type { Run, SessionOpened, Spell } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import type { SessionParts } from './sessions.ts'

/** Spells and runs as sessions tell of them: as much as fits a frame. */
export interface Records {
  /** A spell and its runs, as JSON. `room`: what the spell's document may take of a frame, in bytes. */
  opened(opened: SessionOpened, room: number): string
  run(run: Run): string
}

/** What is kept of a frame for all but a spell's document. */
export const ROOM_BYTES = 8 * 1024
const NO_VALUES = Buffer.from('{}')

export function createRecords({ spellText, runText }: Pick<SessionParts, 'spellText' | 'runText'>): Records {
  /** Large inputs and outputs are left out: entries have them, or refer to them. */
  const run = (one: Run, room = ROOM_BYTES) => {
    const isLarge = one.inputs.length + one.outputs.length > room
    return runText(isLarge ? { ...one, inputs: NO_VALUES, outputs: NO_VALUES } : one)
  }
  /** Of many runs the inputs and outputs are left out. */
  const runs = (all: readonly Run[]) => {
    const texts = all.map(one => run(one)).join(',')
    return texts.length <= ROOM_BYTES ? texts : all.map(one => run(one, 0)).join(',')
  }
  /** A document that does not fit the frame is left out: the client reads it over REST. */
  const spellIn = (spell: Spell, room: number) =>
    spellText(spell.document.length > room ? { ...spell, document: new Uint8Array() } : spell)
  return {
    run: one => run(one),
    opened({ spell, activeRuns }, room) {
      if (!spell) throw new Error('the runner opened a spell and did not tell which')
      const texts = runs(activeRuns)
      return `{"spell":${spellIn(spell, room - texts.length)},"runs":[${texts}]}`
    },
  }
}
