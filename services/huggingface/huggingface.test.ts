import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['huggingface'] })
})
afterAll(async () => system?.stop())

test('demo', async () => {
  const client = system.as('ada').client(HuggingfaceServiceDefinition)
  const parts = []
  for await (const { part } of client.run({
    task: 'summarization',
    model: 'local/demo',
    inputs: Buffer.from('"Hello there. More."'),
  }))
    parts.push(part?.value)
  expect(parts.slice(0, -1)).toEqual(['Hello', ' there.', ' (demo)'])
  await expect(async () => {
    for await (const _ of client.run({ task: 'summarization', inputs: Buffer.from('"Hello there. More."') })) void _
  }).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
})
