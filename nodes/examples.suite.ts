// Small spells that tests of several units run.
import type { SpellDocument } from '#graph/document.ts'
import type { JsonObject } from '#graph/json.ts'

/** A document, as JSON. */
export type ExampleSpell = JsonObject & { readonly name: string; readonly nodes: JsonObject }

export function spellOf(
  nodes: object,
  wires: readonly (readonly string[])[] = [],
  more: Partial<Pick<SpellDocument, 'name' | 'state'>> = {},
): ExampleSpell {
  const document = { format: 'spell/1', name: 'Test', description: '', nodes, wires, state: {}, notes: [], ...more }
  return document as unknown as ExampleSpell
}

/** `who` → `greeting`. */
export const greeter = spellOf(
  {
    start: { type: 'flow/start' },
    who: { type: 'flow/input', config: { name: 'who', type: 'string', default: 'world' } },
    say: { type: 'text/template', config: { template: 'Hello {{who}}' } },
    out: { type: 'flow/output', config: { name: 'greeting' } },
  },
  [
    ['start.out', 'out.in'],
    ['who.value', 'say.who'],
    ['say.text', 'out.value'],
  ],
  { name: 'Greeter' },
)

/** Waits, and ends. */
export const delayed = (ms: number): ExampleSpell =>
  spellOf({ start: { type: 'flow/start' }, wait: { type: 'flow/delay', config: { ms } } }, [['start.out', 'wait.in']])

/** `count` rounds of `ms` each; every round logs a line. */
export const rounds = (count: number, ms: number): ExampleSpell =>
  spellOf(
    {
      start: { type: 'flow/start' },
      list: { type: 'text/split', config: { separator: '' }, values: { text: 'x'.repeat(count) } },
      each: { type: 'flow/for-each' },
      wait: { type: 'flow/delay', config: { ms } },
      log: { type: 'debug/log', values: { value: 'round' } },
      out: { type: 'flow/output', config: { name: 'count' } },
    },
    [
      ['start.out', 'each.in'],
      ['list.list', 'each.list'],
      ['each.each', 'wait.in'],
      ['wait.out', 'log.in'],
      ['each.done', 'out.in'],
      ['each.count', 'out.value'],
    ],
  )

/** Asks the default model; streams. */
export const talking = spellOf(
  {
    start: { type: 'flow/start' },
    ask: { type: 'ai/complete', values: { prompt: 'three names for a cat' } },
    out: { type: 'flow/output', config: { name: 'text' } },
  },
  [
    ['start.out', 'ask.in'],
    ['ask.out', 'out.in'],
    ['ask.text', 'out.value'],
  ],
)
