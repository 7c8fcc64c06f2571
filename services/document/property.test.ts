// Whatever order things come in, and whatever fails in between: in the end the vector store has what people see.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sql } from 'kysely'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { precondition, unavailable } from '#mesh/errors.ts'
import { toTexts } from '#mesh/knowledge.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { behindWires, documentsOf, eventually, piecesOf, sent, textOf } from './kit.suite.ts'
import type { Documents } from './kit.suite.ts'

const broken = { store: false, models: false, keys: false }
let system: TestSystem
beforeAll(async () => {
  system = await behindWires((service, method) => {
    if (broken.store && service === 'weaviate') throw unavailable('the store is away')
    if (broken.models && method === 'embed') throw unavailable('no provider answers')
    if (broken.keys && method === 'embed') throw precondition('there is no key')
  })
})
afterAll(async () => system?.stop())

const PARAGRAPHS = textOf(8, 130).split('\n\n')
/** Of these words each piece has some. */
const ANY =
  'paragraph river stone lamp cloud bread letter garden window copper music winter harbour pencil mountain silver'
/** Some of the paragraphs, in an order. */
const text = fc.uniqueArray(fc.nat(PARAGRAPHS.length - 1), { minLength: 0, maxLength: 6 })
const which = fc.nat(20)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('upload' as const), text }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('replace' as const), text, which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reindex' as const), which, size: fc.constantFrom(0, 400) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('metadata' as const), which, value: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('title' as const), which, value: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('break' as const), what: fc.constantFrom('store', 'models', 'keys') }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('mend' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('rest' as const), turns: fc.nat(60) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const mend = () => Object.assign(broken, { store: false, models: false, keys: false })

async function take(documents: Documents, ids: string[], one: Step): Promise<void> {
  const id = 'which' in one ? (ids[one.which % Math.max(1, ids.length)] ?? '') : ''
  if ('which' in one && id === '') return
  const said = 'text' in one ? one.text.map(index => PARAGRAPHS[index]).join('\n\n') : ''
  if (one.kind === 'upload') {
    const { document, duplicate } = await documents.upload(sent(said))
    if (!duplicate) ids.push(document?.id ?? '')
  } else if (one.kind === 'replace') await documents.upload(sent(said, { documentId: id }))
  else if (one.kind === 'reindex') await documents.reindex({ documentId: id, chunking: { size: one.size } })
  else if (one.kind === 'metadata')
    await documents.updateDocument({ documentId: id, metadata: Buffer.from(JSON.stringify({ value: one.value })) })
  else if (one.kind === 'title') await documents.updateDocument({ documentId: id, title: `Title ${one.value}` })
  else if (one.kind === 'delete') {
    await documents.deleteDocument({ documentId: id })
    ids.splice(ids.indexOf(id), 1)
  } else if (one.kind === 'break') Object.assign(broken, { [one.what]: true })
  else if (one.kind === 'mend') mend()
  else for (let turn = 0; turn < one.turns; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** What the vector store has of a user: each object once, whatever collection it is in. */
async function stored(user: string) {
  const weaviate = system.as(user).client(WeaviateServiceDefinition)
  const { collections } = await weaviate.stats({})
  const all = await Promise.all(
    collections.map(async ({ collection, objects }) => {
      const { found } = await weaviate.query({ collection, mode: 'keyword', text: ANY, limit: 200, exact: true })
      expect(found).toHaveLength(objects)
      return found.map(({ object }) => ({
        id: object?.id ?? '',
        text: object?.text ?? '',
        metadata: (JSON.parse(Buffer.from(object?.properties ?? []).toString()) as { metadata: unknown }).metadata,
      }))
    }),
  )
  return all.flat().toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

async function shown(documents: Documents) {
  const all = (await documents.listDocuments({ limit: 200 })).documents
  const pieces = await Promise.all(
    all.map(async document => {
      const metadata = toTexts(JSON.parse(Buffer.from(document.metadata).toString()) as Record<string, unknown>)
      const some = await piecesOf(documents, document.id)
      expect(some).toHaveLength(document.chunks)
      expect(['ready', 'skipped']).toContain(document.job?.state)
      return some.map(({ id, position, headings, text: own }) => {
        const words = [...(position === 0 && headings[0] !== document.title ? [document.title] : []), ...headings, own]
        return { id, text: words.join('\n'), metadata }
      })
    }),
  )
  return pieces.flat().toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

test('the store equals what is shown', async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async steps => {
      const user = `user${run++}`
      const documents = documentsOf(user, system)
      const ids: string[] = []
      for (const one of steps) await take(documents, ids, one)
      mend()
      await eventually(async () => {
        const { rows } = await sql<{ id: string; state: string; message: string }>`
          select id, state, message from document.documents where owner = ${user} and due_at is not null`.execute(
          system.database.kysely,
        )
        expect(rows).toEqual([])
      }, 60_000)
      expect(await stored(user)).toEqual(await shown(documents))
    }),
    { numRuns: 6, endOnFailure: true },
  )
}, 240_000)
