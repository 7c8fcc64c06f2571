import { expect, test } from '@jest/globals'
import { createTurns } from './turns.ts'

test('what is of one key comes one after the other, also after a failure; what is of another does not wait', async () => {
  const turns = createTurns()
  const said: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = turns(1, async () => {
    await gate.promise
    said.push('first')
    throw new Error('no')
  })
  const second = turns(1, async () => said.push('second'))
  const third = turns(1, async () => said.push('third'))
  await turns(2, async () => said.push('other'))
  gate.resolve()
  await expect(first).rejects.toThrow('no')
  await Promise.all([second, third])
  expect(said).toEqual(['other', 'first', 'second', 'third'])
})
