import { describe, expect, test } from '@jest/globals'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { loadServices } from '#mesh/discover.ts'
import { startHost } from '#mesh/host.ts'
import { rounds } from '#nodes/examples.suite.ts'
import { missingPrograms, startGround } from '../processes.ts'

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
/** Begins a run, lets the database say that it has been taken anew, and waits for its end. */
async function loseSight(): Promise<{ status: string | undefined; attempt: number }> {
  const ground = await startGround()
  const source = { ...ground.settings, LOG_LEVEL: 'silent', RUN_LEASE_MS: '3000', DRAIN_MS: '2000', RUN_DRAIN_MS: '0' }
  const host = await startHost({ services: await loadServices(['completion', 'spell-runner']), source, serve: false })
  try {
    const runner = host.client(SpellRunnerServiceDefinition, { user: 'ada', service: 'edge' })
    const { spell } = await runner.createSpell({ document: json(rounds(30, 50)) })
    const { run } = await runner.startRun({ spellId: spell?.id ?? '', inputs: json({}), detached: true })
    const runId = run?.id ?? ''
    // As if it had been taken and the answer was lost on its way: what works on it here may not write any more.
    await host.database.transaction(session =>
      session.query('update spell_runner.runs set attempt = attempt + 1 where id = $1', [runId]),
    )
    let seen = run
    while (seen?.status === 'running') {
      await new Promise(resolve => setTimeout(resolve, 20))
      seen = (await runner.getRun({ runId })).run
    }
    return { status: seen?.status, attempt: seen?.attempt ?? 0 }
  } finally {
    await host.stop()
    await ground[Symbol.asyncDispose]()
  }
}

const missing = missingPrograms()
;(missing.length === 0 ? describe : describe.skip)(
  `a runner on PostgreSQL${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  () => {
    test('goes on with a run that the database has as its own, and that it has lost sight of', async () => {
      const { status, attempt } = await loseSight()
      expect(status).toBe('completed')
      expect(attempt).toBeGreaterThan(2)
    }, 90_000)
  },
)
