// The mesh while NATS is away: it starts, runs go on, and nobody misses anything afterwards.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createRest } from '#client/index.ts'
import { ApiError } from '#client/types.ts'
import type { RunHandle } from '#client/types.ts'
import { greeter, rounds } from '#nodes/examples.suite.ts'
import { connect, somebody } from './modes.suite.ts'
import { missingPrograms, startGround, startMesh } from './processes.ts'
import type { Ground, Mesh } from './processes.ts'

/** Asks again and again until the answer fits. */
async function until<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (fits(answer)) return answer
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** What the application was told of a run, call by call. */
function watched(run: RunHandle): number[] {
  const seen: number[] = []
  run.onEntries(() => {
    for (const { seq } of run.entries.slice(seen.length)) seen.push(seq)
  })
  return seen
}

const missing = missingPrograms()
;(missing.length === 0 ? describe : describe.skip)(
  `while NATS is away${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  () => {
    let ground: Ground
    let mesh: Mesh
    beforeAll(async () => {
      ground = await startGround()
      await ground.nats.stop('SIGKILL')
      mesh = await startMesh(ground, { REVOCATION_SWEEP_MS: '300' })
    }, 120_000)
    afterAll(async () => {
      await mesh?.[Symbol.asyncDispose]()
      await ground?.[Symbol.asyncDispose]()
    }, 60_000)
    const readiness = async () => (await fetch(`${mesh.url}/readyz`)).status

    test('the mesh starts, is not ready, runs spells all the same, and is ready when NATS comes', async () => {
      expect(await readiness()).toBe(503)
      const { rest } = await somebody(mesh.url)
      const { id } = await rest.createSpell(greeter)
      expect((await rest.startRun(id, { who: 'Ada' })).outputs).toEqual({ greeting: 'Hello Ada' })
      await ground.nats.start()
      expect(await until(readiness, status => status === 200)).toBe(200)
    }, 60_000)

    test('a run that ends meanwhile, and one that goes on, are seen whole by their session, each entry once', async () => {
      const { token, rest } = await somebody(mesh.url)
      const client = connect(mesh.url, token)
      const [short, long] = [await rest.createSpell(rounds(20, 50)), await rest.createSpell(rounds(60, 50))]
      const runs = [await client.startRun(short.id), await client.startRun(long.id)] as const
      const seen = runs.map(watched)
      await until(
        async () => seen,
        ([first = [], second = []]) => first.length > 10 && second.length > 10,
      )
      await ground.nats.stop('SIGKILL')
      await until(
        () => rest.getRun(runs[0].run.id),
        ({ status }) => status === 'completed',
      )
      await ground.nats.start()
      const ended = await Promise.all(runs.map(run => run.completed))
      expect(ended.map(({ terminal }) => terminal)).toMatchObject([
        { outputs: { count: 20 } },
        { outputs: { count: 60 } },
      ])
      for (const [index, { entries, digest }] of ended.entries()) {
        expect(seen[index]).toEqual(entries.map((_, at) => at + 1))
        expect((await rest.getRun(runs[index]?.run.id ?? '')).digest).toBe(digest)
      }
      client.close()
    }, 60_000)

    test('a session that was signed out meanwhile is found', async () => {
      const post = (path: string, body: object, cookie = '') =>
        fetch(`${mesh.url}${path}`, {
          method: 'POST',
          headers: { origin: mesh.url, cookie },
          body: JSON.stringify(body),
        })
      const answer = await post('/v1/auth/register', { email: 'eve@example.org', password: 'correct horse', name: 'E' })
      const { accessToken: token } = (await answer.json()) as { accessToken: string }
      const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
      const rest = createRest({ baseUrl: mesh.url, token: async () => token })
      const client = connect(mesh.url, token)
      const revoked = new Promise<void>(resolve => void client.on('revoked', () => resolve()))
      const { id } = await rest.createSpell(greeter)
      await client.openSpell(id)
      await ground.nats.stop('SIGKILL')
      await until(readiness, status => status === 503)
      expect((await post('/v1/auth/logout', {}, cookie)).status).toBe(200)
      await revoked
      await ground.nats.start()
      const refusal = () =>
        rest.listSpells().then(
          () => 0,
          (error: unknown) => (error instanceof ApiError ? error.status : 0),
        )
      expect(await until(refusal, status => status > 0)).toBe(401)
      client.close()
    }, 60_000)
  },
)
