import { expect, test } from '@jest/globals'
import { precondition, unavailable } from '#mesh/errors.ts'
import { createAttempts } from './attempts.ts'
import { createGate } from './gate.ts'
import type { Provider } from './provider.ts'
import { callWith, openEnvironment } from './provider.suite.ts'
import local from './providers/local.ts'

const provider: Provider = local.open(openEnvironment({}))
const found = (signal: AbortSignal = new AbortController().signal, more: Partial<Provider> = {}) => ({
  id: 'local/demo',
  name: 'local',
  provider: { ...provider, ...more },
  call: callWith(signal),
})
const open = (retries: number, concurrency = 0) =>
  createAttempts({ gate: createGate({ rate: 0, concurrency, now: () => 0 }), retries, random: () => 0 })

async function listen(parts: AsyncIterable<object>): Promise<object[]> {
  const heard: object[] = []
  for await (const part of parts) heard.push(part)
  return heard
}
/** Fails so many times, then says something. */
function failing(times: number, error = unavailable('away')) {
  const asked = { times: 0 }
  const ask = async function* () {
    if (++asked.times <= times) throw error
    yield { text: 'ok' }
  }
  return { asked, ask }
}

test('it is asked again as often as is said, and each time is told', async () => {
  const { asked, ask } = failing(2)
  const again = { notice: '"local/demo" is asked again in 0.0 s: away' }
  expect(await listen(open(2)(found(), ask))).toEqual([again, again, { text: 'ok' }])
  expect(asked.times).toBe(3)
  await expect(listen(open(1)(found(), failing(2).ask))).rejects.toMatchObject({ message: 'away' })
})

test('what waiting does not mend, and who waits by himself, is not asked again', async () => {
  const wrong = failing(1, precondition('no key'))
  await expect(listen(open(2)(found(), wrong.ask))).rejects.toMatchObject({ message: 'no key' })
  expect(wrong.asked.times).toBe(1)
  const own = failing(1)
  await expect(listen(open(2)(found(undefined, { retriesItself: true }), own.ask))).rejects.toMatchObject({
    message: 'away',
  })
  expect(own.asked.times).toBe(1)
})

test('after a word was said, a failure is final; after a notice it is not', async () => {
  let times = 0
  const half = async function* () {
    times++
    yield { text: 'half' }
    throw unavailable('broken')
  }
  await expect(listen(open(2)(found(), half))).rejects.toMatchObject({ message: 'broken' })
  expect(times).toBe(1)
  let loads = 0
  const loading = async function* () {
    yield { notice: 'loading' }
    if (++loads === 1) throw unavailable('away')
    yield { text: 'ok' }
  }
  expect((await listen(open(2)(found(), loading))).at(-1)).toEqual({ text: 'ok' })
})

test('who waits for a turn is told so; who leaves meanwhile takes no place', async () => {
  const attempt = open(0, 1)
  const first = attempt(found(), failing(0).ask)
  expect(await first.next()).toMatchObject({ value: { text: 'ok' } })
  const second = attempt(found(), failing(0).ask)
  expect(await second.next()).toEqual({
    done: false,
    value: { notice: '"local/demo" is asked in turn: others are before it' },
  })
  await second.return(undefined)
  const third = listen(attempt(found(), failing(0).ask))
  await first.return(undefined)
  expect((await third).at(-1)).toEqual({ text: 'ok' })
})
