import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import { EventServiceDefinition } from '#gen/spellmesh/event/v1/event.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { json, know, marked, PATIENT, readJson, remember, searchOf, until, upload } from './kit.suite.ts'
import type { Search } from './kit.suite.ts'

let system: TestSystem
let search: Search
const ids = { bees: '', bread: '', engine: '' }
/** When they were added. */
const times = { bees: 0, engine: 0 }
beforeAll(async () => {
  system = await embedded({ services: ['search'], settings: PATIENT })
  const ada = system.as('ada')
  search = searchOf(system, 'ada')
  const bees = await upload(
    ada,
    '# Bees\n\n## Dances\n\nA honey bee tells the others by dancing where the flowers are. The waggle dance points the way.',
    { metadata: { team: 'nature', year: 2024 } },
  )
  const bread = await upload(
    ada,
    '# Bread\n\nA sourdough starter is fed with flour every day. Bees have nothing to do with it.',
    { metadata: { team: 'kitchen', year: 2025 }, collection: 'recipes', name: 'bread.txt' },
  )
  const engine = await upload(ada, 'Watt condensed the steam of his engine in a separate vessel.', {
    metadata: { team: 'machines', year: 2026, draft: true },
  })
  Object.assign(ids, { bees: bees.id, bread: bread.id, engine: engine.id })
  Object.assign(times, { bees: bees.createdAt, engine: engine.createdAt })
  await remember(ada, [
    { channel: 'garden', sender: 'grace', client: 'chat', content: 'The bees have swarmed this morning', at: 1_000 },
    {
      channel: 'kitchen',
      sender: 'alan',
      client: 'chat',
      content: 'Our bread is burnt',
      at: 2_000,
      entityIds: ['alan'],
    },
    { channel: 'kitchen', sender: 'grace', type: 'fact', content: 'Grace keeps honey in the cellar', at: 3_000 },
  ])
  await know(ada, [
    { kind: 'person', name: 'Grace Hopper', about: 'She keeps bees.', attributes: { city: 'Arlington', age: 85 } },
    { kind: 'person', name: 'Alan Turing', about: 'He bakes bread.', attributes: { city: 'London' } },
    { kind: 'place', name: 'London' },
  ])
  await upload(system.as('bob'), 'Bees of Bob', { collection: 'secret' })
}, 120_000)
afterAll(() => system?.stop())

const filter = (field: string, value: unknown, operator = '') => ({ field, operator, value: json(value) })
const documentsFor = async (request: Parameters<Search['search']>[0]) =>
  (await search.search(request)).hits.map(({ documentId }) => documentId)

describe('documents', () => {
  test('are found by the words of their titles, also of a title that was changed', async () => {
    const cleo = system.as('cleo')
    const { id } = await upload(cleo, 'Ships wait outside until the flag is raised.', { title: 'Rules of the harbour' })
    const { search: look } = searchOf(system, 'cleo')
    const found = async (query: string) => (await look({ query, mode: 'keyword' })).hits.map(hit => hit.documentId)
    expect(await found('rules')).toEqual([id])
    await cleo.client(DocumentServiceDefinition).updateDocument({ documentId: id, title: 'Customs of the port' })
    await until(async () => (await found('customs')).length === 1)
    expect(await found('rules')).toEqual([])
  })

  test('are found in pieces, with the words of the query, and the reasons of their place', async () => {
    const answer = await search.search({ query: 'Where do bees dance?', limit: 1 })
    expect(answer.notices).toEqual([])
    expect(answer.hits).toMatchObject([
      {
        source: 'documents',
        title: 'Bees',
        documentId: ids.bees,
        collection: 'default',
        headings: ['Bees', 'Dances'],
        type: 'markdown',
        page: 0,
        url: '',
        score: 1,
        reason: { vectorRank: 1, wordRank: 1, words: ['bees', 'dance'] },
      },
    ])
    const [hit] = answer.hits
    expect(marked(answer)[0]).toContain('A honey [bee] tells the others by [dancing] where the flowers are.')
    expect(hit?.reason?.similarity).toBeGreaterThan(0.1)
    expect(hit?.reason?.text).toMatch(/^1st by meaning \(0\.\d\d alike\), 1st by words \(bees, dance\)$/)
    expect(hit?.at).toBe(times.bees)
    expect(readJson(hit?.metadata ?? Buffer.alloc(0))).toEqual({ team: 'nature', year: 2024 })
  })

  test('by words alone, those without any of them are not found; by meaning alone, all are', async () => {
    const byWords = await search.search({ query: 'sourdough', mode: 'keyword' })
    expect(byWords.hits).toMatchObject([{ documentId: ids.bread, reason: { vectorRank: 0, wordRank: 1 } }])
    expect(byWords.hits[0]?.reason?.similarity).toBeUndefined()
    const byMeaning = await search.search({ query: 'sourdough', mode: 'vector' })
    expect(byMeaning.hits.map(({ reason }) => [reason?.vectorRank, reason?.wordRank])).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
    ])
    expect(byMeaning.hits[0]?.documentId).toBe(ids.bread)
    const noVectors = await search.search({ query: 'sourdough', alpha: 0 })
    expect(noVectors.hits.map(({ documentId }) => documentId)).toEqual([ids.bread])
    const noWords = await search.search({ query: 'sourdough', alpha: 1 })
    expect(noWords.hits).toHaveLength(3)
  })

  test.each([
    ['metadata', [filter('metadata.team', 'nature')], ['bees']],
    ['metadata, one of several', [filter('metadata.year', [2025, 2026], 'in')], ['bread', 'engine']],
    ['metadata that is not so', [filter('metadata.team', 'nature', '!=')], ['bread', 'engine']],
    ['metadata in order', [filter('metadata.year', 2024, '>')], ['bread', 'engine']],
    ['metadata that is true', [filter('metadata.draft', true)], ['engine']],
    ['metadata that nothing has', [filter('metadata.draft', 'so')], []],
    ['several at once', [filter('metadata.year', 2024, '>'), filter('metadata.team', 'kitchen')], ['bread']],
    ['a page that none has', [filter('page', 1, '>=')], []],
  ] as const)('are filtered by %s', async (_, filters, expected) => {
    const found = await documentsFor({ query: 'bees', mode: 'vector', filters: [...filters] })
    expect(found.toSorted()).toEqual(expected.map(name => ids[name]).toSorted())
  })

  test('are filtered by collection, type, time and document', async () => {
    const of = async (request: Parameters<Search['search']>[0]) =>
      (await documentsFor({ query: 'bees', mode: 'vector', ...request })).toSorted()
    expect(await of({ collections: ['recipes'] })).toEqual([ids.bread])
    expect(await of({ types: ['text'] })).toEqual([ids.bread])
    expect(await of({ to: times.engine })).toEqual([ids.bees, ids.bread].toSorted())
    expect(await of({ from: times.engine })).toEqual([ids.engine])
    expect(await of({ filters: [filter('document', [ids.bees, ids.engine], 'in')] })).toEqual(
      [ids.bees, ids.engine].toSorted(),
    )
  })

  test('of others are not there, nor are their collections', async () => {
    const found = await documentsFor({ query: 'bees', mode: 'vector', limit: 100 })
    expect(found.toSorted()).toEqual(Object.values(ids).toSorted())
    await expect(search.search({ query: 'x', collections: ['recipes', 'secret'] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'there is no collection "secret"',
    })
    await expect(
      search.search({ query: 'x', collections: ['a', 'b'], sources: ['documents', 'events'] }),
    ).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'there are no collections "a", "b"',
    })
  })

  test('are found by the headings above them, which is said though they are not in the text', async () => {
    const ivy = system.as('ivy')
    await upload(ivy, '# Garden\n\n## Lanterns\n\nThey hang in the trees.\n\n## Paths\n\nThey are of gravel.')
    const { hits } = await searchOf(system, 'ivy').search({ query: 'lanterns', mode: 'keyword' })
    expect(hits[0]).toMatchObject({ headings: ['Garden', 'Lanterns'], reason: { words: ['lanterns'] } })
  })

  test('so many pieces of one as are asked for, and no more', async () => {
    const carol = system.as('carol')
    const section = (index: number) =>
      `## Part ${index}\n\n${`Lanterns of kind ${index} are lit at night. `.repeat(30)}`
    await upload(carol, `# Lanterns\n\n${[1, 2, 3, 4].map(section).join('\n\n')}`)
    await upload(carol, 'One lantern.')
    const all = await searchOf(system, 'carol').search({ query: 'lanterns', limit: 100 })
    expect(all.hits.length).toBeGreaterThan(3)
    const one = await searchOf(system, 'carol').search({ query: 'lanterns', limit: 100, perDocument: 1 })
    expect(new Set(one.hits.map(({ documentId }) => documentId)).size).toBe(2)
    expect(one.hits).toHaveLength(2)
  })

  test('are found by other forms of their own language’s words', async () => {
    const heidi = system.as('heidi')
    const { language } = await upload(
      heidi,
      'Die Häuser der alten Stadt sind aus Holz gebaut und stehen dicht am Fluss. Im Winter wohnten darin die Fischer mit ihren Familien.',
    )
    expect(language).toBe('de')
    const answer = await searchOf(system, 'heidi').search({ query: 'Wo ist das Haus eines Fischers?', mode: 'keyword' })
    expect(marked(answer)).toEqual([expect.stringMatching(/^Die \[Häuser\] der alten .* die \[Fischer\] mit/)])
  })

  test('that are gone are found no more, at once', async () => {
    const dora = system.as('dora')
    const first = await upload(dora, 'A heron stands in the reeds.')
    const second = await upload(dora, 'Another heron flies.')
    const find = async () => (await searchOf(system, 'dora').search({ query: 'heron' })).hits.map(hit => hit.documentId)
    expect((await find()).toSorted()).toEqual([first.id, second.id].toSorted())
    await dora.client(DocumentServiceDefinition).deleteDocument({ documentId: first.id })
    expect(await find()).toEqual([second.id])
  })
})

describe('everything', () => {
  test('is searched at once, in one order that is the same each time', async () => {
    const request = { query: 'bees', sources: ['web', 'entities', 'events', 'documents'].slice(1) }
    const answer = await search.search(request)
    expect(answer.notices).toEqual([])
    expect(new Set(answer.hits.map(({ source }) => source))).toEqual(new Set(['documents', 'events', 'entities']))
    const scores = answer.hits.map(({ score }) => score)
    expect(scores).toEqual(scores.toSorted((one, other) => other - one))
    expect(
      answer.hits
        .slice(0, 3)
        .map(({ source }) => source)
        .toSorted(),
    ).toEqual(['documents', 'entities', 'events'])
    const again = await search.search(request)
    expect(again.hits.map(({ id }) => id)).toEqual(answer.hits.map(({ id }) => id))
  })

  test('events come with who, where and when, entities with what is known', async () => {
    const { hits } = await search.search({ query: 'who keeps bees', sources: ['events', 'entities'], limit: 20 })
    const byText = new Map(hits.map(hit => [hit.title, hit]))
    expect(byText.get('grace · garden')).toMatchObject({ source: 'events', type: 'message', at: 1_000 })
    expect(readJson(byText.get('grace · garden')?.metadata ?? Buffer.alloc(0))).toEqual({
      client: 'chat',
      channel: 'garden',
      sender: 'grace',
    })
    expect(byText.get('Grace Hopper')).toMatchObject({
      source: 'entities',
      type: 'person',
      text: expect.stringMatching(
        /^Grace Hopper\nShe keeps bees\.\n(city: Arlington\nage: 85|age: 85\ncity: Arlington)$/,
      ),
      reason: { words: ['keeps', 'bees'] },
    })
  })

  test.each([
    ['events', 'channel', [filter('channel', 'kitchen')], ['alan · kitchen', 'grace · kitchen']],
    [
      'events',
      'sender, and channel that it is not',
      [filter('sender', 'grace'), filter('channel', 'kitchen', '!=')],
      ['grace · garden'],
    ],
    ['events', 'entity', [filter('entity', 'alan')], ['alan · kitchen']],
    ['entities', 'attribute', [filter('attributes.city', 'London')], ['Alan Turing']],
    ['entities', 'attribute in order', [filter('attributes.age', 80, '>=')], ['Grace Hopper']],
  ] as const)('%s are filtered by %s', async (source, _, filters, expected) => {
    const { hits } = await search.search({
      query: 'bread and bees',
      mode: 'vector',
      sources: [source],
      filters: [...filters],
    })
    expect(hits.map(({ title }) => title).toSorted()).toEqual(expected)
  })

  test('times and types go for each source', async () => {
    const of = async (request: Parameters<Search['search']>[0]) =>
      (await search.search({ query: 'bees', mode: 'vector', sources: ['events', 'entities'], ...request })).hits.map(
        ({ title }) => title,
      )
    expect((await of({ from: 2_000, to: 3_000 })).toSorted()).toEqual(['alan · kitchen'])
    expect(await of({ types: ['place', 'fact'] })).toEqual(expect.arrayContaining(['London', 'grace · kitchen']))
    expect(await of({ types: ['place', 'fact'] })).toHaveLength(2)
  })

  test('an event that is forgotten is found no more', async () => {
    const eve = system.as('eve')
    const [first] = await remember(eve, [{ content: 'otters play' }, { content: 'otters sleep' }])
    await eve.client(EventServiceDefinition).delete({ eventId: first?.id ?? '' })
    const { hits } = await searchOf(system, 'eve').search({ query: 'otters', sources: ['events'] })
    expect(hits.map(({ text }) => text)).toEqual(['otters sleep'])
  })

  test('nothing is found where nothing is kept', async () => {
    const nobody = searchOf(system, 'newcomer')
    const sources = ['documents', 'events', 'entities']
    for (const mode of ['keyword', 'vector', 'hybrid'])
      expect(await nobody.search({ query: 'bees', sources, mode })).toMatchObject({ hits: [], notices: [] })
  })
})

describe('what is asked wrongly', () => {
  test('a megabyte is refused with the numbers', async () => {
    await expect(search.search({ query: 'x'.repeat(1_048_576) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ path: 'query', message: '1048576 characters; at most 8000' }],
    })
  })

  test('8,000 characters are not, whatever they are', async () => {
    for (const query of ['bees '.repeat(1_600).slice(0, 8_000), '"'.repeat(8_000), "a' & !(b | c:*) <-> ".repeat(400)])
      expect(await search.search({ query, sources: ['documents', 'events', 'entities'] })).toMatchObject({
        notices: [],
      })
  })

  test('nobody searches nothing', async () => {
    await expect(searchOf(system, '').search({ query: 'bees' })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })
})

test('tells what can be searched, and by what it can be filtered', async () => {
  expect(await search.listSources({})).toMatchObject({
    sources: [
      { name: 'documents', ready: true, fields: ['document', 'language', 'page', 'metadata.<key>'] },
      { name: 'events', ready: true, fields: ['channel', 'sender', 'agent', 'client', 'entity'] },
      { name: 'entities', ready: true, fields: ['attributes.<key>'] },
      { name: 'web', ready: false, about: expect.stringContaining('set SEARXNG_URL'), fields: [], providers: [] },
    ],
  })
})
