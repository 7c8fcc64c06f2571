import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { NodeDocument, SpellDocument } from '#graph/document.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { exportDocument } from './export.ts'
import type { Importer } from './importer.ts'
import { code, input, output, own, START, thoth } from './kit.suite.ts'
import native from './spell.ts'
import { textOf } from './rete/piece.ts'
import importer from './thoth.ts'

const importers: readonly Importer[] = [native, importer]
const foreign = thoth(
  {
    1: START,
    2: input('topic', { defaultValue: 'the sea' }),
    3: {
      name: 'Generator',
      data: {
        fewshot: 'About {{topic}}: ',
        inputs: [own('topic', 'k-1')],
        temp: '0.5',
        modelName: 'gpt-4',
        display: 'x',
      },
      position: ['-12.5', 40],
    },
    4: code('return { out: inputs.text + "!" }', ['text'], ['out']),
    5: output('said'),
    6: { name: 'State Write', data: { inputs: [own('last')] } },
    7: { name: 'Unheard Of', data: { deep: [{ a: 1 }] } },
    8: { name: 'Join List', data: { separator: ' ' } },
  },
  [
    [1, 'trigger', 3, 'trigger'],
    [2, 'output', 3, 'k-1'],
    [3, 'trigger', 4, 'trigger'],
    [3, 'result', 4, 'text'],
    [4, 'trigger', 6, 'trigger'],
    [4, 'out', 6, 'last'],
    [6, 'trigger', 5, 'trigger'],
    [4, 'out', 5, 'input'],
  ],
  { gameState: { last: '', count: 3, people: [{ name: 'Ada' }] } },
)
const importOf = (document: unknown) => importer.convert(document, { models: ['local/demo'] }).document

/** The spell with a node changed. */
const withNode = (spell: SpellDocument, id: string, change: (node: NodeDocument) => NodeDocument): SpellDocument => {
  const node = spell.nodes[id]
  if (!node) throw new Error(`there is no "${id}"`)
  return { ...spell, nodes: { ...spell.nodes, [id]: change(node) } }
}
const withConfig = (spell: SpellDocument, id: string, config: JsonObject) =>
  withNode(spell, id, node => ({ ...node, config: { ...node.config, ...config } }))
const nodeOf = (document: Json, id: string) => {
  const { chain } = document as { chain: { nodes: Record<string, { data: JsonObject; position: Json }> } }
  return chain.nodes[id]
}

describe('a spell that was imported', () => {
  const spell = importOf(foreign)

  test('goes back as it came, with models that are here or not', () => {
    for (const one of [spell, importer.convert(foreign).document])
      expect(exportDocument(one, importers)).toEqual({ format: 'thoth', document: foreign, notes: [] })
  })

  test('goes back with what was changed in it', () => {
    let changed: SpellDocument = {
      ...spell,
      name: 'Renamed',
      state: { ...spell.state, count: { initial: 4 }, more: { initial: [1] } },
    }
    changed = withConfig(changed, 'generator-3-prompt', { template: 'All about {{topic}}! ' })
    changed = withConfig(changed, 'generator-3', { temperature: 0.75 })
    changed = withConfig(changed, 'universal-input-2', { name: 'subject', default: 'ships' })
    changed = withConfig(changed, 'join-list-8', { separator: ', ' })
    const source = textOf(changed.nodes['code-4']?.config ?? {}, 'code').replace('"!"', '"?"')
    changed = withConfig(changed, 'code-4', { code: source })
    const { document, notes } = exportDocument(changed, importers)
    expect(notes).toEqual([])
    expect((document as JsonObject)['name']).toBe('Renamed')
    expect((document as JsonObject)['gameState']).toEqual({ last: '', count: 4, people: [{ name: 'Ada' }], more: [1] })
    expect(nodeOf(document, '3')?.data).toEqual({
      ...nodeOf(foreign, '3')?.data,
      fewshot: 'All about {{topic}}! ',
      temp: '0.75',
    })
    expect(nodeOf(document, '2')?.data).toEqual({ name: 'subject', defaultValue: 'ships' })
    expect(nodeOf(document, '8')?.data).toEqual({ separator: ', ' })
    expect(nodeOf(document, '4')?.data['code']).toContain('inputs.text + "?"')
    expect({ ...importOf(document), origin: undefined }).toEqual({ ...changed, origin: undefined })
  })

  test('goes back with its nodes in their new places', () => {
    const moved = withNode(spell, 'generator-3', node => ({
      ...node,
      at: [(node.at?.[0] ?? 0) + 100, (node.at?.[1] ?? 0) - 7],
    }))
    const { document, notes } = exportDocument(moved, importers)
    expect(nodeOf(document, '3')?.position).toEqual([87.5, 33])
    expect(notes).toEqual([])
    const helper = withNode(spell, 'generator-3-prompt', node => ({ ...node, at: [5, 5] }))
    expect(exportDocument(helper, importers)).toEqual({
      format: 'thoth',
      document: foreign,
      notes: ['places on the canvas of nodes that the original does not have are left out: 1'],
    })
  })

  test('tells what has no place there', () => {
    const { 'output-5': _, ...nodes } = spell.nodes
    const changed: SpellDocument = {
      ...spell,
      description: 'said',
      nodes: { ...nodes, extra: { type: 'debug/log' } },
      wires: [...spell.wires.filter(([, to]) => !to.startsWith('output-5')), ['code-4.out', 'extra.in']],
      state: { ...spell.state, last: { scope: 'run', initial: '' } },
    }
    const { document, notes } = exportDocument(changed, importers)
    expect(document).toEqual(foreign)
    expect(notes).toEqual([
      'description: there is no place in the original for "said"',
      'nodes.output-5: it was removed, and stays in the original',
      'nodes.extra: it is new',
      'the wire code-4.out → extra.in: it is new',
      'the wire state-write-6.out → output-5.in: it was removed, and stays in the original',
      expect.stringMatching(
        /^the wire code-4\.out( \(value\))? → output-5\.value: it was removed, and stays in the original$/,
      ),
      'state.last.scope: there is no place in the original for "run"',
    ])
  })

  test('may be asked for in its own format, or in ours, and in no other', () => {
    expect(exportDocument(spell, importers, 'thoth').document).toEqual(foreign)
    expect(exportDocument(spell, importers, 'spell/1')).toEqual({ format: 'spell/1', document: spell, notes: [] })
    expect(() => exportDocument(spell, importers, 'rivet')).toThrow(
      'format: the spell was imported from "thoth": expected that, or "spell/1"',
    )
    const { origin: _, ...drawn } = spell
    expect(() => exportDocument(drawn, importers)).toThrow('origin: the spell was not imported: there is no way back')
    expect(() => exportDocument({ ...spell, origin: { format: 'n8n', document: {} } }, importers)).toThrow(
      'origin.format: nothing writes "n8n"',
    )
  })
})

test('many changes of a large spell are found at once; what would take too long is told', () => {
  const count = 600
  const large = thoth(
    {
      1: START,
      ...Object.fromEntries(
        Array.from({ length: count }, (_, index) => [index + 2, input(`name ${index}`, { defaultValue: index })]),
      ),
    },
    [],
  )
  const spell = importOf(large)
  const edited = (change: (config: JsonObject) => JsonObject): SpellDocument => ({
    ...spell,
    nodes: Object.fromEntries(
      Object.entries(spell.nodes).map(([id, node]) => [
        id,
        node.type === 'flow/input' ? { ...node, config: change(node.config ?? {}) } : node,
      ]),
    ),
  })
  const renamed = edited(config => ({ ...config, name: `new ${textOf(config, 'name')}` }))
  const { document, notes } = exportDocument(renamed, importers)
  expect(notes).toEqual([])
  expect(importOf(document).nodes).toEqual(renamed.nodes)
  const lost = exportDocument(
    edited(config => ({ ...config, description: 'd' })),
    importers,
  )
  expect(lost.document).toEqual(large)
  expect(lost.notes).toHaveLength(count + 1)
  expect(lost.notes.at(-1)).toMatch(/^there were too many changes to look for all of their places: \d+ were given up$/)
})

test('whatever is changed in a spell is in what it goes back as, or told', () => {
  const spell = importOf(foreign)
  const leaves = Object.entries(spell.nodes).flatMap(([id, { config = {} }]) =>
    Object.entries(config).flatMap(([key, value]) =>
      key !== 'model' && (typeof value === 'string' || typeof value === 'number') ? [[id, key] as const] : [],
    ),
  )
  const edit = fc.tuple(
    fc.constantFrom(...leaves),
    fc.oneof(fc.string(), fc.constantFrom('x', '{{topic}}', '', '0'), fc.nat(2)),
  )
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), edits => {
      const changed = edits.reduce((now, [[id, key], value]) => withConfig(now, id, { [key]: value }), spell)
      const { document, notes } = exportDocument(changed, importers)
      const again = importOf(document)
      const valueOf = (one: SpellDocument, [id, key]: readonly [string, string]) => one.nodes[id]?.config?.[key]
      const isTold = ([id]: readonly [string, string]) => notes.some(note => note.startsWith(`nodes.${id}`))
      const lost = edits.filter(([at]) => valueOf(again, at) !== valueOf(changed, at) && !isTold(at))
      expect(lost).toEqual([])
      const same = JSON.stringify([again.nodes, again.wires]) === JSON.stringify([changed.nodes, changed.wires])
      expect(same || notes.length > 0).toBe(true)
    }),
    { numRuns: 60 },
  )
}, 60_000)
