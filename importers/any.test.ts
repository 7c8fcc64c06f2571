import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { checkDocument } from '#graph/check.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { parseDocument } from '#graph/parse.ts'
import { discoverRecord } from '#mesh/discover.ts'
import { registry } from '#nodes/kit.suite.ts'
import type { Importer } from './importer.ts'
import { ImportError } from './importer.ts'
import { code, input, output, own, START, thoth, trigger } from './kit.suite.ts'
import { COMPONENTS } from './rete/components.ts'

const importers = Object.values(await discoverRecord<Importer>(new URL('./', import.meta.url), /^[a-z-]+\.ts$/))

/** Imports, and answers whether it could. Throws where what came of it is neither a document nor problems. */
function isImported(importer: Importer, foreign: unknown): boolean {
  try {
    const converted = importer.convert(foreign, { models: ['local/demo'] })
    for (const { document, report } of [converted, ...(converted.spells ?? [])]) {
      const [problem] = parseDocument(document).problems
      if (problem) throw new Error(`${problem.path}: ${problem.message}`)
      const strange = report.nodes.find(({ node }) => !Object.hasOwn(document.nodes, node))
      if (strange) throw new Error(`the report names "${strange.node}", which is no node`)
    }
    return true
  } catch (error) {
    if (!(error instanceof ImportError)) throw error
    if (error.problems.length === 0 || error.problems.some(({ message }) => message === ''))
      throw new Error('an import failed without saying why', { cause: error })
    return false
  }
}

const example = thoth(
  {
    1: START,
    2: input('a', { defaultValue: 0, useDefault: true }),
    3: code('return inputs', ['x'], ['y']),
    4: { name: 'Generator', data: { fewshot: '{{x}}', inputs: [own('x'), own('z')], temp: '1' } },
    5: { name: 'Switch Gate', data: { outputs: [trigger('left', 'uuid')] } },
    6: { name: 'Spell', data: { spell: 'other', inputs: [own('i'), trigger('default')], outputs: [own('o')] } },
    7: { name: 'State Write', data: { inputs: [own('k'), own('l')] } },
    8: { name: 'Unheard Of', data: { deep: [{ a: [] }] } },
    9: output('b'),
  },
  [
    [1, 'trigger', 3, 'trigger'],
    [2, 'output', 3, 'x'],
    [3, 'trigger', 4, 'trigger'],
    [3, 'y', 4, 'x'],
    [4, 'trigger', 5, 'trigger'],
    [4, 'result', 5, 'input'],
    [5, 'uuid', 7, 'trigger'],
    [5, 'default', 6, 'default'],
    [3, 'y', 7, 'l'],
    [6, 'o', 8, 'anything'],
    [8, 'more', 9, 'input'],
    [7, 'trigger', 9, 'trigger'],
  ],
  { gameState: { list: [] } },
)
const native: Json = {
  format: 'spell/1',
  name: 'n',
  nodes: { a: { type: 'flow/start' }, b: { type: 'debug/log', at: [1, 2], values: { value: '' } } },
  wires: [['a.out', 'b.in']],
  state: { k: { scope: 'run', initial: 1 } },
  notes: [{ text: 'x' }],
}
const rivet: Json = {
  version: 4,
  data: {
    metadata: { id: 'p', title: 'Project', description: '', mainGraphId: 'main' },
    graphs: {
      main: {
        metadata: { id: 'main', name: 'Main', description: '' },
        nodes: {
          '[a]:graphInput "In"': {
            visualData: '0/0/300/1//',
            data: { id: 'in', dataType: 'string' },
            outgoingConnections: ['data->"T" t/x', 'data->"If" i/if'],
          },
          '[t]:text "T"': {
            visualData: '300/0/300/1//',
            data: { text: 'a {{x}}' },
            isSplitRun: true,
            outgoingConnections: ['output->"If" i/value'],
          },
          '[i]:if "If"': {
            visualData: '600/0/300/1//',
            outgoingConnections: ['output->"Sub" s/q', 'falseOutput->"C" c/input1'],
          },
          '[s]:subGraph "Sub"': {
            visualData: '900/0/300/1//',
            data: { graphId: 'sub' },
            outgoingConnections: ['o->"C" c/input2'],
          },
          '[c]:coalesce "C"': { visualData: '1200/0/300/1//', outgoingConnections: ['output->"Loop" l/input1Default'] },
          '[l]:loopController "Loop"': {
            visualData: '1500/0/300/1//',
            data: { maxIterations: 3 },
            outgoingConnections: ['output1->"Code" k/input1', 'break->"Out" o/value'],
          },
          '[k]:code "Code"': {
            visualData: '1800/0/300/1//',
            data: { code: 'return { output1: inputs.input1 }', inputNames: 'input1', outputNames: 'output1' },
            outgoingConnections: ['output1->"Loop" l/input1', 'output1->"Loop" l/continue'],
          },
          '[o]:graphOutput "Out"': { visualData: '1800/300/300/1//', data: { id: 'out', dataType: 'any' } },
          '[x]:getEmbedding "X"': {
            visualData: 'null',
            data: { deep: [{ a: [] }] },
            outgoingConnections: ['embedding->"T" t/y'],
          },
        },
      },
      sub: {
        metadata: { id: 'sub', name: 'Sub', description: '' },
        nodes: {
          '[q]:graphInput "Q"': {
            visualData: '0/0/300/1//',
            data: { id: 'q', dataType: 'string' },
            outgoingConnections: ['data->"O" r/value'],
          },
          '[r]:graphOutput "O"': { visualData: '300/0/300/1//', data: { id: 'o', dataType: 'string' } },
        },
      },
    },
    plugins: [],
  },
}
const examples: Readonly<Record<string, Json>> = { thoth: example, rivet, 'spell/1': native }

/** The places of a document, as paths. */
function placesOf(value: Json, path: readonly string[] = []): (readonly string[])[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return [path, ...inner.flatMap(([key, one]) => placesOf(one as Json, [...path, key]))]
}

function withValue(value: Json, [key, ...rest]: readonly string[], change: (before: Json) => Json): Json {
  if (key === undefined) return change(value)
  if (Array.isArray(value))
    return value.map((one: Json, index) => (String(index) === key ? withValue(one, rest, change) : one))
  if (!isObject(value)) return value
  return { ...value, [key]: withValue(value[key] ?? null, rest, change) }
}

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }).map(value => value as Json),
  fc.constantFrom<Json>(
    '',
    '-1',
    '1e3',
    '__proto__',
    'constructor',
    'trigger',
    'in',
    'x'.repeat(300),
    1e300,
    -0.5,
    [],
    {},
  ),
  fc.constantFrom<Json>('7', 3, 9, 'Output', 'Spell', 'Module Trigger In', [null], {
    connections: [{ node: 3, input: 'x' }],
  }),
)
const mutated = (document: Json) => {
  const places = placesOf(document)
  const change = fc.tuple(fc.constantFrom(...places), odd, fc.constantFrom('replace', 'add', 'remove'))
  return fc.array(change, { minLength: 1, maxLength: 4 }).map(changes =>
    changes.reduce<Json>(
      (now, [path, value, how]) =>
        withValue(now, path, before => {
          if (how === 'replace' || (!isObject(before) && !Array.isArray(before))) return value
          if (Array.isArray(before)) return how === 'add' ? [...(before as readonly Json[]), value] : before.slice(1)
          return how === 'add'
            ? { ...before, [typeof value === 'string' ? value : '12']: value }
            : Object.fromEntries(Object.entries(before).slice(1))
        }),
      document,
    ),
  )
}

test('the examples themselves can be imported, and only by those that recognise them', () => {
  const by = (document: unknown) => importers.filter(one => one.recognises(document)).map(({ format }) => format)
  expect([by({}), by(null), by('')]).toEqual([[], [], []])
  for (const [format, one] of Object.entries(examples)) {
    expect(by(one)).toEqual([format])
    for (const importer of importers) expect(isImported(importer, one)).toBe(importer.format === format)
  }
  expect(importers.map(({ format }) => format).toSorted()).toEqual(Object.keys(examples).toSorted())
})

describe.each(importers.map(one => [one.format, one] as const))('%s', (format, importer) => {
  test('any JSON is imported or refused with problems', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), value => {
        expect(typeof importer.recognises(value)).toBe('boolean')
        isImported(importer, value)
      }),
      { numRuns: 500 },
    )
  })

  test('so is a document that was tampered with', () => {
    let imported = 0
    fc.assert(
      fc.property(mutated(examples[format] ?? null), value => {
        importer.recognises(value)
        if (isImported(importer, value)) imported++
      }),
      { numRuns: 2000 },
    )
    expect(imported).toBeGreaterThan(100)
  })

  test('so is what no JSON is, and what is nested without end', () => {
    const deep = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)) as Json
    const inside = withValue(
      examples[format] ?? null,
      [({ thoth: 'modules', rivet: 'more' } as Record<string, string>)[format] ?? 'notes'],
      () => deep,
    )
    for (const value of [undefined, Number.NaN, () => 1, Symbol('x'), 5n, new Date(0), deep, inside]) {
      importer.recognises(value)
      expect(isImported(importer, value)).toBe(false)
    }
  })
})

/** Components whose own sockets are triggers. */
const GATES = new Set(['switch', 'switch gate', 'random gate', 'module trigger in', 'trigger in'])
const JOINS = new Set(['wait for all'])

test.each(Object.keys(COMPONENTS))('what stands for "%s" has the sockets that it is wired by', component => {
  const thothImporter = importers.find(({ format }) => format === 'thoth')
  const names = ['input', 'output', 'string', 'list', 'text', 'boolean', 'a', 'in', 'out', 'result', 'element']
  const datas: readonly JsonObject[] = [
    {},
    { name: 'n', fewshot: '{{a}}', code: 'function worker() {}', _var: '', spell: 's', interval: '5' },
    { inputs: [own('a'), own('in'), own('b c', 'uuid')], outputs: [own('out'), own('a'), own('d', 'uuid2')] },
  ]
  for (const data of datas) {
    const { document } =
      thothImporter?.convert(
        thoth({ 1: START, 2: code('', [], names), 3: { name: component, data }, 4: code('', names, []) }, [
          [1, 'trigger', 2, 'trigger'],
          [2, 'trigger', 3, 'trigger'],
          [3, 'trigger', 4, 'trigger'],
          ...(JOINS.has(component) ? [] : names.map(name => [2, name, 3, name] as const)),
          ...(GATES.has(component) ? [] : names.map(name => [3, name, 4, name] as const)),
        ]),
      ) ?? {}
    expect(document && checkDocument(document, registry)).toEqual([])
  }
})

test('a long chain of what has no trigger is put into the flow, in its order', () => {
  const count = 1500
  const chain = Array.from({ length: count }, (_, index) => [index + 2, code('return inputs', ['x'], ['x'])] as const)
  const large = thoth({ 1: START, ...Object.fromEntries(chain), 5000: output('b') }, [
    [1, 'trigger', 5000, 'trigger'],
    [count + 1, 'x', 5000, 'input'],
    ...chain.slice(1).map(([id]) => [id - 1, 'x', id, 'x'] as const),
  ])
  const imported = importers.find(one => one.recognises(large))?.convert(large)
  expect(imported?.report.notes).toHaveLength(count)
  const next = new Map(imported?.document.wires.filter(([, to]) => to.endsWith('.in')))
  let at = 'module-trigger-in-1.out'
  for (let id = 2; id <= count + 1; id++) {
    expect(next.get(at)).toBe(`code-${id}.in`)
    at = `code-${id}.out`
  }
  expect(next.get(at)).toBe('output-5000.in')
})
