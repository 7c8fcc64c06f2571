// The face of this package.
export type { RunRecord, SpellRecord } from '#edge/protocol.ts'
export { createClient } from './client.ts'
export { replayRun } from './replay.ts'
export { createRest } from './rest.ts'
export { indexedDbStore, memoryStore } from './stores.ts'
export { ApiError } from './types.ts'
export { verify } from './verify.ts'
