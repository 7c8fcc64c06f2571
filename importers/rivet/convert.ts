import type { SpellDocument } from '#graph/document.ts'
import type { Json } from '#graph/json.ts'
import { JSON_LIMITS, parseDocument } from '#graph/parse.ts'
import type { ImportOptions, ImportReport } from '../importer.ts'
import { ImportError } from '../importer.ts'
import { kindOf } from './data.ts'
import { convertGraph } from './graph.ts'
import type { ConvertedGraph } from './assemble.ts'
import { textOf } from './piece.ts'
import type { Callee } from './piece.ts'
import { readProject } from './project.ts'
import type { RivetGraph, RivetProject } from './project.ts'

/** A graph as a spell. */
export interface ConvertedSpell {
  readonly graph: RivetGraph
  readonly document: SpellDocument
  readonly report: ImportReport
  /** Where its nodes are. */
  readonly places: ConvertedGraph['places']
}

/**
 * Turns a project into spells, the main one first. `family`: what the names of the others begin with, if not with its title; then the original is
 * not kept. Throws an {@link ImportError}.
 */
export function convertProject(
  document: unknown,
  options: ImportOptions & { readonly family?: string } = {},
): readonly [ConvertedSpell, ...ConvertedSpell[]] {
  const project = readProject(document)
  const names = namesOf(project, options.family)
  const [main, ...others] = convertAll(project, names, options).map(({ graph, made }, index): ConvertedSpell => ({
    graph,
    document: toDocument(
      graph,
      made,
      names,
      index === 0 ? project.description : '',
      index === 0 && options.family === undefined ? document : undefined,
    ),
    report: {
      format: 'rivet',
      nodes: made.report,
      notes: [...(index === 0 ? notesOf(project, names) : []), ...made.remarks],
    },
    places: made.places,
  }))
  if (!main) throw new ImportError([{ path: 'data.graphs', message: 'expected at least one' }])
  return [main, ...others]
}

/** The main graph first. */
function inOrder({ graphs, main }: RivetProject): readonly RivetGraph[] {
  const called = new Set(
    graphs.flatMap(({ nodes }) => nodes.map(({ type, data }) => (type === 'subGraph' ? data['graphId'] : undefined))),
  )
  const first = graphs.find(({ id }) => id === main) ?? graphs.find(({ id }) => !called.has(id)) ?? graphs[0]
  return first ? [first, ...graphs.filter(graph => graph !== first)] : []
}

/** Names of spells by graph: the project's, and that of the graph for all but the main one. */
function namesOf(project: RivetProject, family?: string): ReadonlyMap<string, string> {
  const title = project.title.trim().slice(0, 90) || 'Rivet project'
  const taken = new Set<string>()
  return new Map(
    inOrder(project).map((graph, index) => {
      const base =
        index === 0 ? title : `${family ?? title} · ${graph.name.trim().slice(0, 90) || `graph ${index + 1}`}`
      let name = base
      for (let count = 2; taken.has(name); count++) name = `${base} (${count})`
      taken.add(name)
      return [graph.id, name]
    }),
  )
}

interface Made {
  readonly graph: RivetGraph
  readonly made: ConvertedGraph
}

/** Those that others call before these, so that it is known which outputs they may leave out. */
function convertAll(
  project: RivetProject,
  names: ReadonlyMap<string, string>,
  options: ImportOptions,
): readonly Made[] {
  const graphs = new Map(project.graphs.map(graph => [graph.id, graph]))
  const made = new Map<string, ConvertedGraph>()
  const callee = (id: string): Callee | undefined => {
    const graph = graphs.get(id)
    return graph && calleeOf(graph, names.get(id) ?? graph.name, made.get(id)?.unsure ?? new Set())
  }
  const model = (named: string) => toModel(named, options)
  for (const id of callOrder(project)) {
    const graph = graphs.get(id)
    if (graph) made.set(id, convertGraph(graph, { callee, model }))
  }
  return inOrder(project).flatMap(graph => {
    const one = made.get(graph.id)
    return one ? [{ graph, made: one }] : []
  })
}

function callOrder({ graphs }: RivetProject): readonly string[] {
  const calls = new Map(
    graphs.map(({ id, nodes }) => [
      id,
      nodes.flatMap(({ type, data }) =>
        type === 'subGraph' && typeof data['graphId'] === 'string' ? [data['graphId']] : [],
      ),
    ]),
  )
  const order: string[] = []
  const seen = new Set<string>()
  for (const { id: root } of graphs) {
    const path = seen.has(root) ? [] : [{ id: root, next: 0 }]
    seen.add(root)
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const called = calls.get(top.id)?.[top.next++]
      if (called === undefined) {
        order.push(top.id)
        path.pop()
      } else if (!seen.has(called)) {
        seen.add(called)
        path.push({ id: called, next: 0 })
      }
    }
  }
  return order
}

function calleeOf({ nodes, edges }: RivetGraph, name: string, unsure: ReadonlySet<string>): Callee {
  const wired = new Set(edges.filter(({ input }) => input === 'value').map(({ to }) => to))
  const named = (type: string) =>
    new Map(
      nodes.flatMap(({ id, type: own, data }) =>
        own === type && (type === 'graphInput' || wired.has(id))
          ? [
              [
                textOf(data, 'id') || (type === 'graphInput' ? 'input' : 'output'),
                textOf(data, 'dataType', 'string'),
              ] as const,
            ]
          : [],
      ),
    )
  return {
    name,
    inputs: [...named('graphInput').keys()],
    outputs: Array.from(named('graphOutput'), ([output, dataType]) => ({
      name: output,
      kind: kindOf(dataType).kind ?? 'any',
      mayBeAbsent: unsure.has(output),
    })),
  }
}

function toModel(
  named: string,
  { models, defaultModel = 'the default model' }: ImportOptions,
): { model: string; note: string } {
  if (named === '') return { model: '', note: '' }
  const known = !models || models.some(model => model === named || model.slice(model.indexOf('/') + 1) === named)
  if (known) return { model: named, note: '' }
  return { model: '', note: `nobody lists the model "${named}" here: ${defaultModel} is used instead` }
}

function notesOf(project: RivetProject, names: ReadonlyMap<string, string>): string[] {
  const others = [...names.values()].slice(1)
  return [
    ...(others.length > 0
      ? [
          `the project has ${others.length + 1} graphs: the others are spells, too: ${others.map(name => `"${name}"`).join(', ')}`,
        ]
      : []),
    ...(project.plugins.length > 0 ? [`its plugins are not here: ${project.plugins.join(', ')}`] : []),
  ]
}

function toDocument(
  graph: RivetGraph,
  made: ConvertedGraph,
  names: ReadonlyMap<string, string>,
  about: string,
  origin: unknown,
): SpellDocument {
  const description = (graph.description || about).slice(0, 20_000)
  const parsed = parseDocument({
    format: 'spell/1',
    name: names.get(graph.id) ?? graph.name,
    description,
    nodes: made.nodes,
    wires: made.wires,
    state: made.state,
    notes: made.notes,
    ...(origin === undefined ? {} : { origin: { format: 'rivet', document: toOrigin(origin) } }),
  })
  if (!parsed.document) throw new ImportError(parsed.problems)
  return parsed.document
}

/** A text longer than a document may hold is kept in pieces. */
function toOrigin(document: unknown): Json {
  if (typeof document !== 'string' || document.length <= JSON_LIMITS.string) return document as Json
  const pieces: string[] = []
  for (let at = 0; at < document.length; at += JSON_LIMITS.string)
    pieces.push(document.slice(at, at + JSON_LIMITS.string))
  return pieces
}
