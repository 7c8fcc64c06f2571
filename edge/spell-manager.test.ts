import { expect, test } from '@jest/globals'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { newId } from '#mesh/ids.ts'
import { createLog } from '#mesh/log.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { NO_TRACER } from '#mesh/trace.ts'
import { delayed, greeter } from '#nodes/examples.suite.ts'
import { createRunners } from './runners.ts'
import type { RunnerClient } from './runners.ts'
import { SpellManager } from './spell-manager.ts'

const REST_MS = 100
const log = createLog('error')
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))
const start = (spellId: string, onDetach = '') => ({
  ...{ spellId, onDetach, inputs: bytes({}), pins: bytes({}), startAt: '', breakpoints: [], again: false, runId: '' },
  limits: undefined,
  fork: undefined,
})

/** A manager of a user's session, and how many streams to the runner it has, and had. */
async function openManager(system: TestSystem) {
  const streams = { now: 0, ever: 0, onEnd: () => {} }
  const some = system.as('u_ada').client(SpellRunnerServiceDefinition)
  const counted: RunnerClient = {
    ...some,
    async *session(requests, options) {
      streams.now++
      streams.ever++
      try {
        yield* some.session(requests, options)
      } finally {
        streams.now--
        streams.onEnd()
      }
    },
  }
  const runners = createRunners({
    some: counted,
    alone: true,
    log,
    connect: () => {
      throw new Error('there is one runner')
    },
  })
  const whose = { user: 'u_ada', session: 's1' }
  const manager = new SpellManager(runners, whose, { log, tracer: NO_TRACER, restMs: REST_MS })
  const { spell } = await some.createSpell({ document: bytes(greeter) })
  return {
    manager,
    streams,
    some,
    spell: spell?.id ?? '',
    isAtRest: () => new Promise<void>(resolve => (streams.now === 0 ? resolve() : (streams.onEnd = resolve))),
  }
}

test('a session that does nothing lets go of its runner; the next command finds its spells and drafts as they were', async () => {
  await using system = await embedded({ services: ['spell-runner'] })
  const { manager, streams, isAtRest, spell, some } = await openManager(system)
  await manager.open(spell, 0)
  const draft = {
    ...greeter,
    nodes: { ...greeter.nodes, say: { type: 'text/template', config: { template: 'Bye {{who}}' } } },
  }
  await manager.edit(spell, bytes(draft))
  await isAtRest()
  const { run } = await manager.start(newId('r'), start(spell, 'finish'))
  expect(streams.ever).toBe(2)
  const runId = run?.id ?? ''
  for await (const _ of some.watchRun({ runId, after: 0 })) void _
  const { run: ended } = await some.getRun({ runId })
  expect(JSON.parse(Buffer.from(ended?.outputs ?? []).toString())).toEqual({ greeting: 'Bye world' })
  await isAtRest()
  await manager.closeSpell(spell)
  await isAtRest()
  expect(manager.size).toBe(0)
  manager.close()
})

test('a session keeps its runner while a run would stop with it', async () => {
  await using system = await embedded({ services: ['spell-runner'] })
  const { manager, streams, isAtRest, some } = await openManager(system)
  const { spell } = await some.createSpell({ document: bytes(delayed(60_000)) })
  const { run } = await manager.start(newId('r'), start(await opened(manager, spell?.id ?? '')))
  await new Promise(resolve => setTimeout(resolve, 5 * REST_MS))
  expect(streams).toMatchObject({ now: 1, ever: 1 })
  manager.forget(run?.id ?? '')
  await isAtRest()
  manager.close()
})

async function opened(manager: SpellManager, spell: string): Promise<string> {
  await manager.open(spell, 0)
  return spell
}
