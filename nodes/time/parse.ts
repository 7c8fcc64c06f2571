import { defineNode } from '#graph/define.ts'
import { isoOf, problemsOfZone, toTime, zoneOf } from '../language/time.ts'

export default defineNode({
  title: 'Parse time',
  about:
    'Reads a time: ISO 8601 such as `2026-11-21`, `2026-11-21 09:25` or `2026-11-21T09:25:00.5+01:00`, or milliseconds since 1970 as a number or a text of at least five digits.',
  icon: 'calendar-search',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      zone: {
        type: 'string',
        title: 'Time zone',
        default: 'UTC',
        description: 'Whose clocks a time without an offset was read from, e.g. Europe/Berlin',
      },
    },
  },
  inputs: { time: { type: 'any', required: true } },
  outputs: {
    ms: { type: 'number', about: 'Milliseconds since 1970' },
    iso: { type: 'string', about: 'ISO 8601 in UTC' },
  },
  check: problemsOfZone,
  run({ time }, { config }) {
    const ms = toTime(time, zoneOf(config))
    return { outputs: { ms, iso: isoOf(ms) } }
  },
})
