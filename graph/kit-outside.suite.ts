// Node types for the engine's tests that deal with what comes from outside a run: time, messages, people.
import { defineNode, NodeFailure } from './define.ts'
import type { NodeDefinition } from './define.ts'

/** `calls` sees every tick that is not a replay. */
export function outsideTypes(calls: { readonly made: string[] }): Record<string, NodeDefinition> {
  return {
    'test/ticks': defineNode({
      title: 'Ticks',
      about: 'Emits 0 … n-1 by itself, each after `ms`; goes on where it was.',
      kind: 'source',
      effect: 'idempotent',
      continues: true,
      config: {
        type: 'object',
        properties: { n: { type: 'integer', default: 3 }, ms: { type: 'integer', default: 0 } },
      },
      outputs: { i: { type: 'number' } },
      flow: { out: ['each', 'done'] },
      async *run(_inputs, { config, emitted, sleep, node }) {
        for (let i = emitted; i < config.n; i++) {
          await sleep(config.ms)
          calls.made.push(`${node} ${i}`)
          yield { outputs: { i } }
        }
      },
    }),
    'test/inbox': defineNode({
      title: 'Inbox',
      about: 'Emits what is sent to it: texts.',
      kind: 'source',
      effect: 'idempotent',
      config: { type: 'object', properties: { name: { type: 'string', default: '' } } },
      outputs: { message: { type: 'string' } },
      flow: { out: ['out'] },
      receive(message) {
        if (typeof message !== 'string') throw new NodeFailure('WRONG_TYPE', 'expected a text')
        return { outputs: { message } }
      },
    }),
    'test/ask': defineNode({
      title: 'Ask',
      about: 'Asks a person for a number.',
      kind: 'action',
      effect: 'pure',
      config: { type: 'object', properties: { ms: { type: 'integer', default: 0 } } },
      outputs: { answer: { type: 'any' } },
      flow: { in: ['in'], out: ['out', 'late'] },
      run: (_inputs, { config, now }) => ({
        wait: {
          prompt: 'How many?',
          form: { type: 'object', properties: { n: { type: 'integer', minimum: 1 } }, required: ['n'] },
          ...(config.ms > 0 ? { until: now() + config.ms } : {}),
        },
      }),
      afterWait: end => (end.kind === 'answered' ? { outputs: { answer: end.value } } : { pulse: 'late' }),
    }),
  }
}
