import { expect, test } from '@jest/globals'
import { behindWires, documentsOf, done, piecesOf, sent, textOf } from './kit.suite.ts'

test('a large document lets smaller ones go first while it is indexed, and nothing of it is done twice', async () => {
  const [order, written]: [string[], string[]] = [[], []]
  const begun = Promise.withResolvers<void>()
  const free = Promise.withResolvers<void>()
  await using system = await behindWires(
    async (_, method, request) => {
      if (method !== 'upsert') return
      const { objects } = request as { objects: { id: string; text: string }[] }
      written.push(...objects.map(({ id }) => id))
      order.push(objects.some(({ text }) => text.includes('a note')) ? 'small' : 'large')
      begun.resolve()
      await free.promise
    },
    { settings: { DOCUMENT_JOBS: '1', DOCUMENT_TURN_MS: '1', DOCUMENT_EMBED: 'no' } },
  )
  const ada = documentsOf('ada', system)
  const { document: large } = await ada.upload(sent(textOf(3_000, 90)))
  await begun.promise
  const { document: small } = await ada.upload(sent('This is a note.'))
  // So long a document waits before others make room.
  await new Promise(resolve => setTimeout(resolve, 400))
  free.resolve()
  expect((await done(ada, small?.id ?? '')).job).toMatchObject({ state: 'ready', attempts: 1 })
  expect((await done(ada, large?.id ?? '')).job).toMatchObject({ state: 'ready', attempts: 1 })
  expect(order.indexOf('small')).toBeLessThan(order.lastIndexOf('large'))
  const pieces = [...(await piecesOf(ada, large?.id ?? '')), ...(await piecesOf(ada, small?.id ?? ''))]
  expect(written.toSorted()).toEqual(pieces.map(({ id }) => id).toSorted())
}, 120_000)
