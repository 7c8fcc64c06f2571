import { defineNode } from '#graph/define.ts'
import { isoOf, parseTime, problemsOfZone, toTime, zoneOf } from '../language/time.ts'

export default defineNode({
  title: 'Wait until',
  about:
    'Waits until a moment, or for a long time. The run is put aside meanwhile: it costs nothing and survives restarts. A moment that has passed is no wait. *Delay* is for short ones.',
  icon: 'hourglass',
  kind: 'action',
  effect: 'pure',
  config: {
    type: 'object',
    properties: {
      until: {
        type: 'string',
        title: 'Until',
        default: '',
        description: 'ISO 8601, e.g. 2026-12-24T18:00; empty: for a time',
      },
      forMs: {
        type: 'integer',
        title: 'For … ms',
        minimum: 0,
        maximum: 316_224_000_000,
        default: 60_000,
        description: 'Where no moment is given; at most ten years',
      },
      zone: { type: 'string', title: 'Time zone', default: 'UTC', description: 'Of a moment without an offset' },
    },
  },
  inputs: {
    until: { type: 'any', about: 'In place of the settings: ISO 8601, or milliseconds since 1970' },
  },
  outputs: {
    at: { type: 'number', about: 'When it went on, milliseconds since 1970' },
    iso: { type: 'string', about: 'The same as ISO 8601 in UTC' },
  },
  flow: { in: ['in'], out: ['out'] },
  check(config) {
    const wrong = problemsOfZone(config)
    if (config.until === '' || wrong.length > 0 || parseTime(config.until, zoneOf(config)) !== undefined) return wrong
    return [{ path: 'until', message: `"${config.until}" is no time such as 2026-12-24T18:00` }]
  },
  run({ until }, { config, now }) {
    const given = until ?? (config.until === '' ? undefined : config.until)
    const begun = Math.floor(now())
    const end = given === undefined ? begun + config.forMs : toTime(given, zoneOf(config))
    return end > begun ? { wait: { until: end } } : { outputs: { at: begun, iso: isoOf(begun) } }
  },
  afterWait(_end, _inputs, { now }) {
    const at = Math.floor(now())
    return { outputs: { at, iso: isoOf(at) } }
  },
})
