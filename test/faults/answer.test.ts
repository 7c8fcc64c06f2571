import { describe, expect, test } from '@jest/globals'
import { missingPrograms } from '../processes.ts'
import { createPerson } from './client.ts'
import { openOracle } from './oracle.ts'
import { openOutside } from './outside.ts'
import { createRandom } from './random.ts'
import { mixed } from './spells.ts'
import { startSystem } from './system.ts'

/** Kills a runner when the model's answer is stored and the runner cannot have committed what it made of it. */
async function killBeforeCommit() {
  const outside = await openOutside()
  const system = await startSystem({
    ...{ runners: 2, edges: 1, random: createRandom(1) },
    settings: { REGISTRATION: 'open', RUN_LEASE_MS: '1500', OPENAI_BASE_URL: `${outside.url}/v1` },
  })
  const oracle = openOracle(system.databaseUrl, 500)
  try {
    const { rest } = await createPerson(system.url, 'ada')
    const { id } = await rest.createSpell(mixed)
    const asked = Promise.withResolvers<void>()
    // From when the model is asked on, no runner can write.
    outside.watch(async what => {
      if (what === 'completion was answered') return
      for (const name of ['runner-1', 'runner-2']) system.links.get(`${name}→postgres`)?.hold('there')
      asked.resolve()
    })
    const { id: run } = await rest.startRun(id, {}, { detached: true })
    await asked.promise
    while ((await oracle.query('select 1 from completion.answers where answer is not null')).length === 0);
    const [row] = (await oracle.query(
      `select l.address from spell_runner.runners l join spell_runner.runs r on r.runner = l.id where r.id = '${run}'`,
    )) as readonly { address: string }[]
    for (const part of ['runner-1', 'runner-2']) {
      const link = system.links.get(`${part}→postgres`)
      const isAtWork = row?.address.endsWith(`:${system.links.get(`edges→${part}`)?.port}`)
      if (isAtWork) await system.parts.get(part)?.stop('SIGKILL')
      if (isAtWork) link?.cut()
      link?.heal()
    }
    for (;;) {
      const { runs } = await oracle.look()
      const found = runs.get(run)
      if (found?.ended) return { ...found, asked: outside.effects.length }
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  } finally {
    await oracle[Symbol.asyncDispose]()
    await system[Symbol.asyncDispose]()
    await outside[Symbol.asyncDispose]()
  }
}

const missing = missingPrograms()
;(missing.length === 0 ? describe : describe.skip)(
  `a model${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  () => {
    test('is asked once, though the runner is killed between its answer and the commit', async () => {
      const { status, attempt, asked } = await killBeforeCommit()
      expect(status).toBe('completed')
      expect(attempt).toBeGreaterThan(1)
      expect(asked).toBe(1)
    }, 90_000)
  },
)
