/** Lets everybody else have a turn: where the database is in this process, statement after statement would leave none. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
