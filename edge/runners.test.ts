import { expect, test } from '@jest/globals'
import { choose } from './runners.ts'

const runner = (id: string, load = 0) => ({ id, address: `${id}:9090`, load, capacity: 100, draining: false })
const users = Array.from({ length: 2_000 }, (_, index) => `u_${index}`)

test('a user stays where they are while runners come and go', () => {
  const before = [runner('a'), runner('b'), runner('c')]
  const after = [...before, runner('d')]
  const counts = new Map<string | undefined, number>()
  for (const user of users) {
    const [was, is] = [choose(before, user)?.id, choose(after, user)?.id]
    expect([was, 'd']).toContain(is)
    counts.set(is, (counts.get(is) ?? 0) + 1)
  }
  for (const count of counts.values()) expect(count).toBeGreaterThan(users.length / 8)
  expect(counts.size).toBe(4)
})

test('of the two that come first the one with less to do is taken, and never a third', () => {
  for (const user of users.slice(0, 200)) {
    const quiet = [runner('a'), runner('b'), runner('c')]
    const first = choose(quiet, user)?.id
    const busy = quiet.map(one => (one.id === first ? runner(one.id, 50) : one))
    const second = choose(busy, user)?.id
    expect(second).not.toBe(first)
    expect(
      choose(
        quiet.filter(({ id }) => id !== first),
        user,
      )?.id,
    ).toBe(second)
    const bothBusy = busy.map(one => (one.id === second ? runner(one.id, 90) : one))
    expect(choose(bothBusy, user)?.id).toBe(first)
  }
})

test('small differences move nobody; where there is none, none is chosen', () => {
  for (const user of users.slice(0, 200))
    expect(choose([runner('a', 3), runner('b', 9)], user)?.id).toBe(choose([runner('a'), runner('b')], user)?.id)
  expect(choose([], 'ada')).toBeUndefined()
  expect(choose([runner('a', 1_000)], 'ada')?.id).toBe('a')
})
