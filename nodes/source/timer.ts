import { defineNode } from '#graph/define.ts'
import { isoOf, parseTime, problemsOfZone, toTime, zoneOf } from '../language/time.ts'

export default defineNode({
  title: 'Timer',
  about: 'Fires once: after a time, or at a moment. Until then the run costs nothing and survives restarts.',
  icon: 'alarm-clock',
  kind: 'source',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      afterMs: {
        type: 'integer',
        title: 'After … ms',
        minimum: 0,
        maximum: 31_622_400_000,
        default: 1000,
        description: 'From the start of the run; at most 366 days',
      },
      at: {
        type: 'string',
        title: 'At',
        default: '',
        description: 'In place of that: ISO 8601, e.g. 2026-12-24T18:00. A moment that has passed fires at once',
      },
      zone: { type: 'string', title: 'Time zone', default: 'UTC', description: 'Of a moment without an offset' },
    },
  },
  outputs: {
    at: { type: 'number', about: 'When it fired, milliseconds since 1970' },
    iso: { type: 'string', about: 'The same as ISO 8601 in UTC' },
  },
  flow: { out: ['out'] },
  check(config) {
    const wrong = problemsOfZone(config)
    if (config.at === '' || wrong.length > 0 || parseTime(config.at, zoneOf(config)) !== undefined) return wrong
    return [{ path: 'at', message: `"${config.at}" is no time such as 2026-12-24T18:00` }]
  },
  run(_inputs, { config, now }) {
    const until = config.at === '' ? Math.floor(now()) + config.afterMs : toTime(config.at, zoneOf(config))
    return { wait: { until } }
  },
  afterWait(_end, _inputs, { now }) {
    const at = Math.floor(now())
    return { outputs: { at, iso: isoOf(at) } }
  },
})
