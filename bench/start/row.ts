/** A row of about the size of a run's first entry. */
export function rowOf(run: string): string {
  return JSON.stringify({
    seq: 1,
    at: Date.now(),
    kind: 'run.started',
    run,
    spell: '0'.repeat(24),
    inputs: {},
    state: {},
  })
}
