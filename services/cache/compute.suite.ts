import { describe, expect, test } from '@jest/globals'
import { bytes, call, callSaying, compute, textOf } from './kit.suite.ts'
import type { Cache } from './kit.suite.ts'

/** What Compute promises, whichever of several processes is asked. `cacheOf(user, 0)` and `cacheOf(user, 1)` may be two of them, or one. */
export function testCompute(name: string, cacheOf: (user: string, process: 0 | 1) => Cache): void {
  let keys = 0
  const newKey = () => `${name} ${++keys}`

  describe(`compute ${name}`, () => {
    test('whose turn it is computes; all others have its value', async () => {
      const key = newKey()
      const first = call(cacheOf('ada', 0), 'n', key)
      expect(await first.next()).toBe('turn')
      const others = ([0, 1, 0, 1] as const).map(process => call(cacheOf('ada', process), 'n', key))
      const told = Promise.all(others.map(other => other.next()))
      first.say({ $case: 'value', value: bytes('made') })
      expect(await first.next()).toBe('end')
      expect(await told).toEqual(['made', 'made', 'made', 'made'])
      for (const other of others) expect(await other.next()).toBe('end')
      expect(await textOf(cacheOf('ada', 1), 'n', key)).toBe('made')
      expect(await call(cacheOf('ada', 1), 'n', key).next()).toBe('made')
    })

    test('who fails, leaves, says nonsense or no more hands the turn on', async () => {
      const key = newKey()
      const endings = [
        { end: (one: ReturnType<typeof call>) => one.say({ $case: 'failed', value: 'no luck' }), told: 'end' },
        { end: (one: ReturnType<typeof call>) => one.leave(), told: 'end' },
        { end: (one: ReturnType<typeof call>) => one.finish(), told: 'INVALID_ARGUMENT' },
        {
          end: (one: ReturnType<typeof call>) => one.say({ $case: 'key', value: { namespace: 'n', key } }),
          told: 'INVALID_ARGUMENT',
        },
        {
          end: (one: ReturnType<typeof call>) => one.say({ $case: 'value', value: Buffer.alloc(1024 * 1024 + 1) }),
          told: 'INVALID_ARGUMENT',
        },
      ]
      let turn = call(cacheOf('ada', 0), 'n', key)
      expect(await turn.next()).toBe('turn')
      for (const [index, { end, told }] of endings.entries()) {
        const next = call(cacheOf('ada', index % 2 === 0 ? 1 : 0), 'n', key)
        const nextTold = next.next()
        void end(turn)
        expect(await turn.next().catch((error: { code: string }) => error.code)).toBe(told)
        expect(await nextTold).toBe('turn')
        turn = next
      }
      turn.say({ $case: 'value', value: bytes('at last') })
      expect(await turn.next()).toBe('end')
      expect(await textOf(cacheOf('ada', 0), 'n', key)).toBe('at last')
    })

    test('who waits may leave, and is not told', async () => {
      const key = newKey()
      const first = call(cacheOf('ada', 0), 'n', key)
      expect(await first.next()).toBe('turn')
      const controller = new AbortController()
      const leaving = ([0, 1] as const).map(process =>
        call(cacheOf('ada', process), 'n', key, { signal: controller.signal }),
      )
      const left = Promise.allSettled(leaving.map(one => one.next()))
      const staying = call(cacheOf('ada', 1), 'n', key)
      const told = staying.next()
      controller.abort()
      expect((await left).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
      first.say({ $case: 'failed', value: '' })
      expect(await first.next()).toBe('end')
      expect(await told).toBe('turn')
      await staying.leave()
    })

    test('a value that is set meanwhile is a value', async () => {
      const key = newKey()
      const first = call(cacheOf('ada', 0), 'n', key)
      expect(await first.next()).toBe('turn')
      const told = call(cacheOf('ada', 1), 'n', key).next()
      await cacheOf('ada', 0).set({ namespace: 'n', key, value: bytes('set') })
      await first.leave()
      expect(await told).toBe('set')
    })

    test('users do not wait for each other', async () => {
      const key = newKey()
      const [ada, grace] = [call(cacheOf('ada', 0), 'n', key), call(cacheOf('grace', 1), 'n', key)]
      expect(await ada.next()).toBe('turn')
      expect(await grace.next()).toBe('turn')
      grace.say({ $case: 'value', value: bytes('of grace') })
      expect(await grace.next()).toBe('end')
      await ada.leave()
      expect(await textOf(cacheOf('ada', 0), 'n', key)).toBeUndefined()
    })

    test('a thousand at once compute once', async () => {
      const key = newKey()
      let made = 0
      const all = await Promise.all(
        Array.from({ length: 1_000 }, (_, index) =>
          compute(cacheOf('ada', index % 2 === 0 ? 0 : 1), 'n', key, async () => {
            made++
            return 'once'
          }),
        ),
      )
      expect(new Set(all)).toEqual(new Set(['once']))
      expect(made).toBe(1)
    })

    test('a thousand at once, of whom most fail, compute one after another until one does not', async () => {
      const key = newKey()
      let [tries, atWork, most] = [0, 0, 0]
      const one = async (process: 0 | 1): Promise<string> => {
        const caller = call(cacheOf('ada', process), 'n', key)
        const told = await caller.next()
        if (told !== 'turn') return told
        most = Math.max(most, ++atWork)
        await new Promise(resolve => setImmediate(resolve))
        atWork--
        if (++tries < 20) {
          caller.say({ $case: 'failed', value: 'not yet' })
          await caller.next()
          return 'failed'
        }
        caller.say({ $case: 'value', value: bytes('the twentieth') })
        await caller.next()
        return 'the twentieth'
      }
      const all = await Promise.all(Array.from({ length: 1_000 }, (_, index) => one(index % 2 === 0 ? 0 : 1)))
      expect({ tries, most }).toEqual({ tries: 20, most: 1 })
      expect(all.filter(said => said === 'failed')).toHaveLength(19)
      expect(all.filter(said => said === 'the twentieth')).toHaveLength(981)
    })

    test('begins with a key, which must be right', async () => {
      const silent = callSaying(cacheOf('ada', 0))
      silent.finish()
      await expect(silent.next()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
      const early = callSaying(cacheOf('ada', 0))
      early.say({ $case: 'value', value: bytes('x') })
      await expect(early.next()).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: 'a computation begins with its key',
      })
      await expect(call(cacheOf('ada', 0), 'N', '').next()).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        problems: [{ path: 'namespace' }, { path: 'key' }],
      })
    })
  })
}
