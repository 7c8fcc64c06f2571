import { defineNode } from '#graph/define.ts'
import { isoOf } from '../language/time.ts'

export default defineNode({
  title: 'Now',
  about: 'Reads the clock of the server. The time is recorded: a replay has the same one.',
  icon: 'clock',
  kind: 'action',
  effect: 'pure',
  outputs: {
    ms: { type: 'number', about: 'Milliseconds since 1970' },
    iso: { type: 'string', about: 'ISO 8601 in UTC, e.g. `2026-11-21T09:25:00.000Z`' },
  },
  flow: { in: ['in'], out: ['out'] },
  run(_inputs, { now }) {
    const ms = Math.floor(now())
    return { outputs: { ms, iso: isoOf(ms) } }
  },
})
