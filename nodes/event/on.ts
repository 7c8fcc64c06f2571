import { defineNode } from '#graph/define.ts'
import type { NodeResult } from '#graph/define.ts'
import { toValue } from '../language/knowledge.ts'
import '../services.ts'

/** Events whose ids are remembered, so that one is not taken twice. */
const REMEMBERED = 1_000
/** Between two attempts to listen again. */
const MOST_WAIT_MS = 10_000

export default defineNode({
  title: 'On event',
  about:
    'Fires `ready` once it listens, then `out` for every event that is sent under its topics while the spell is played, by other spells or from outside. What was kept while nobody worked on the run is heard when somebody does; what was not is lost.',
  icon: 'satellite-dish',
  kind: 'source',
  effect: 'idempotent',
  continues: true,
  config: {
    type: 'object',
    properties: {
      topics: {
        type: 'array',
        title: 'Topics',
        items: { type: 'string' },
        default: ['news'],
        description: 'One a line; none: all',
      },
      count: {
        type: 'integer',
        title: 'How often',
        minimum: 0,
        maximum: 1_000_000_000,
        default: 0,
        description: '0: until the run is stopped',
      },
    },
  },
  outputs: {
    value: { type: 'any' },
    topic: { type: 'string' },
    sender: { type: 'string', about: 'Who sent it, as they say' },
    at: { type: 'number', about: 'When, milliseconds since 1970; with `ready`: when it began to listen' },
    id: { type: 'string', about: 'Of the event; one that was kept is found by it' },
  },
  flow: { out: ['ready', 'out', 'done'] },
  async *run(_inputs, { config, services, signal, emitted, given, now, sleep, log }): AsyncGenerator<NodeResult> {
    const { topics, count } = config
    const heard = new Set<string>()
    // The first result is that it listens.
    let [isTold, left] = [emitted > 0, count === 0 ? Infinity : count - Math.max(0, emitted - 1)]
    let after = typeof given['at'] === 'number' ? { at: given['at'], id: textOf(given['id']) } : undefined
    for (let failures = 0; left > 0; failures++) {
      if (failures > 0) await sleep(Math.min(500 * 2 ** failures, MOST_WAIT_MS))
      try {
        for await (const { part } of services.event.subscribe({ topics: [...topics], after }, { signal })) {
          if (part?.$case === 'ready') {
            failures = 0
            after ??= { at: Math.floor(now()), id: '' }
            if (!isTold) yield { outputs: { at: after.at, id: '' }, pulse: 'ready' }
            isTold = true
          } else if (part?.$case === 'gap') log('warn', `events may be missing: ${part.value}`)
          else if (part?.$case === 'published') {
            const { topic, value, sender, at, id } = part.value
            if (id !== '' && heard.has(id)) continue
            if (id !== '') heard.add(id)
            const [first = ''] = heard
            if (heard.size > REMEMBERED) heard.delete(first)
            after = { at, id }
            yield { outputs: { value: toValue(value), topic, sender, at, id }, pulse: 'out' }
            if (--left <= 0) return
          }
        }
      } catch (error) {
        // Where it never listened, whoever started it is to know.
        if (!isTold || !isAway(error)) throw error
        if (failures === 0) log('warn', 'the event service is away: it is asked again until it answers')
      }
    }
  },
})

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')
const isAway = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'UNAVAILABLE'
