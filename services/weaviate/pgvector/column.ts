import { createHash } from 'node:crypto'

/** What Postgres takes of a name is 63 characters. */
const MOST_CHARACTERS = 61

/** The column of a property. Names of properties are checked. */
export function columnOf(property: string): string {
  if (property.length <= MOST_CHARACTERS) return `p_${property}`
  return `p_${property.slice(0, 40)}_${createHash('sha256').update(property).digest('hex').slice(0, 20)}`
}
