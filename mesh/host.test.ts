import { expect, test } from '@jest/globals'
import { embedded } from './testing.ts'

test('an empty system starts and stops', async () => {
  await using system = await embedded({ declared: [] })
  expect(await system.host.readiness()).toEqual({ database: true, bus: true, accepting: true })
})
