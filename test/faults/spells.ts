// What is run while faults happen.
import { spellOf } from '#nodes/examples.suite.ts'

/** A loop, three rounds at a time; a model's answer; two branches that meet. */
export const mixed = spellOf(
  {
    start: { type: 'flow/start' },
    items: { type: 'flow/input', config: { name: 'items', type: 'string', default: 'abcdefgh' } },
    list: { type: 'text/split', config: { separator: '' } },
    each: { type: 'flow/for-each', config: { concurrency: 3 } },
    wait: { type: 'flow/delay', config: { ms: 60 } },
    log: { type: 'debug/log' },
    ask: { type: 'ai/complete', config: { model: 'openai/tiny-1' } },
    left: { type: 'flow/delay', config: { ms: 40 } },
    right: { type: 'flow/delay', config: { ms: 90 } },
    join: { type: 'flow/join' },
    out: { type: 'flow/output', config: { name: 'said' } },
    count: { type: 'flow/output', config: { name: 'count' } },
  },
  [
    ['start.out', 'each.in'],
    ['items.value', 'list.text'],
    ['list.list', 'each.list'],
    ['each.each', 'wait.in'],
    ['wait.out', 'log.in'],
    ['each.item', 'log.value'],
    ['each.done', 'ask.in'],
    ['items.value', 'ask.prompt'],
    ['ask.out', 'left.in'],
    ['ask.out', 'right.in'],
    ['left.out', 'join.in'],
    ['right.out', 'join.in'],
    ['join.out', 'out.in'],
    ['ask.text', 'out.value'],
    ['each.count', 'count.value'],
  ],
)

/** Adds one to a number that the spell keeps. */
export const counting = spellOf(
  {
    start: { type: 'flow/start' },
    before: { type: 'flow/delay', config: { ms: 50 } },
    read: { type: 'state/read', config: { key: 'n' } },
    add: { type: 'math/calculate', config: { expression: 'n + 1' } },
    write: { type: 'state/write', config: { key: 'n' } },
    after: { type: 'flow/delay', config: { ms: 50 } },
  },
  [
    ['start.out', 'before.in'],
    ['before.out', 'write.in'],
    ['read.value', 'add.n'],
    ['add.result', 'write.value'],
    ['write.out', 'after.in'],
  ],
  { state: { n: { initial: 0 } } },
)

/** Asks a person. */
export const asking = spellOf(
  {
    start: { type: 'flow/start' },
    ask: { type: 'flow/ask', config: { prompt: 'Well?' } },
    out: { type: 'flow/output', config: { name: 'said' } },
  },
  [
    ['start.out', 'ask.in'],
    ['ask.answered', 'out.in'],
    ['ask.text', 'out.value'],
  ],
)

/** Changes something outside, which must not be repeated. */
export const sending = (url: string) =>
  spellOf(
    {
      start: { type: 'flow/start' },
      before: { type: 'flow/delay', config: { ms: 30 } },
      send: { type: 'web/send', config: { method: 'POST', key: true, url }, values: { body: 'pay' } },
      out: { type: 'flow/output', config: { name: 'said' } },
    },
    [
      ['start.out', 'before.in'],
      ['before.out', 'send.in'],
      ['send.out', 'out.in'],
      ['send.text', 'out.value'],
    ],
  )

/** Is played until somebody stops it. */
export const ticking = spellOf(
  { tick: { type: 'source/interval', config: { everyMs: 40 } }, log: { type: 'debug/log' } },
  [
    ['tick.out', 'log.in'],
    ['tick.index', 'log.value'],
  ],
)
