import { defineNode } from '#graph/define.ts'
import { toValue } from '../language/knowledge.ts'
import '../services.ts'

/** Events whose ids are remembered, so that one is not taken twice. */
const REMEMBERED = 1_000

export default defineNode({
  title: 'On event',
  about:
    'Fires `ready` once it listens, then `out` for every event that is sent under its topics while the spell is played, by other spells or from outside. What is sent while nobody works on the run is not heard.',
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
    at: { type: 'number', about: 'When, milliseconds since 1970' },
  },
  flow: { out: ['ready', 'out', 'done'] },
  async *run(_inputs, { config, services, signal, emitted, log }) {
    const { topics, count } = config
    const heard = new Set<string>()
    // The first result is that it listens.
    let [isTold, left] = [emitted > 0, count === 0 ? Infinity : count - Math.max(0, emitted - 1)]
    if (left <= 0) return
    for await (const { part } of services.event.subscribe({ topics: [...topics] }, { signal })) {
      if (part?.$case === 'ready' && !isTold) {
        isTold = true
        yield { pulse: 'ready' }
      } else if (part?.$case === 'gap') log('warn', `events may be missing: ${part.value}`)
      else if (part?.$case === 'published') {
        const { topic, value, sender, at, id } = part.value
        if (id !== '' && heard.has(id)) continue
        if (id !== '') heard.add(id)
        const [first = ''] = heard
        if (heard.size > REMEMBERED) heard.delete(first)
        yield { outputs: { value: toValue(value), topic, sender, at }, pulse: 'out' }
        if (--left <= 0) return
      }
    }
  },
})
