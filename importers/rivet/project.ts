import { Lexer, parse } from 'yaml'
import type { Problem } from '#graph/document.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { checkLimits, JSON_LIMITS } from '#graph/parse.ts'
import { ImportError } from '../importer.ts'

/** A Rivet project as its file holds it, in versions 3 and 4 of the format. */
export interface RivetProject {
  readonly title: string
  readonly description: string
  /** The id of the graph that runs when the project does; undefined: it names none. */
  readonly main: string | undefined
  readonly graphs: readonly RivetGraph[]
  readonly plugins: readonly string[]
}

export interface RivetGraph {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly nodes: readonly RivetNode[]
  readonly edges: readonly RivetEdge[]
}

export interface RivetNode {
  readonly id: string
  readonly type: string
  readonly title: string
  readonly data: JsonObject
  readonly at: readonly [number, number] | undefined
  readonly width: number | undefined
  /** Runs once for every item of the lists that it is given. */
  readonly split: { readonly most: number; readonly isSequential: boolean } | undefined
  readonly isDisabled: boolean
  /** Has a further input `$if`. */
  readonly isConditional: boolean
}

/** From an output port to an input port. */
export interface RivetEdge {
  readonly from: string
  readonly output: string
  readonly to: string
  readonly input: string
}

/** Whether this could be such a project: the text of its file, or what that text holds. Does not read it all. */
export function isProject(document: unknown): boolean {
  if (typeof document === 'string')
    return /^\s*version:\s*['"]?\d/.test(document.slice(0, 200)) && /^ {2,}(graphs|nodes):/m.test(document)
  if (!isObject(document) || typeof document['version'] !== 'number') return false
  const content = document['data']
  return isObject(content) && (isObject(content['graphs']) || isObject(content['nodes']))
}

/** Reads a project, or a single exported graph. Throws an {@link ImportError} with everything that is not of the format. */
export function readProject(document: unknown): RivetProject {
  const file = typeof document === 'string' ? parseYaml(document) : document
  // Images lie in projects as texts.
  const limits = checkLimits(file, { ...JSON_LIMITS, string: LIMIT_CHARACTERS })
  if (limits.length > 0) throw new ImportError(limits)
  if (!isObject(file)) throw new ImportError([{ path: '', message: 'expected the text of a Rivet project' }])
  const { version, data } = JSON.parse(JSON.stringify(file)) as JsonObject
  if (version !== 3 && version !== 4)
    throw new ImportError([
      {
        path: 'version',
        message: `expected version 3 or 4, got ${JSON.stringify(version ?? null)}: open the project in Rivet and save it again`,
      },
    ])
  if (!isObject(data)) throw new ImportError([{ path: 'data', message: 'expected an object' }])
  const problems: Problem[] = []
  const project = isObject(data['nodes']) ? ofOneGraph(data, problems) : toProject(data, problems)
  if (problems.length > 0) throw new ImportError(problems.slice(0, 100))
  return project
}

const LIMIT_CHARACTERS = 10 * 1024 * 1024

function parseYaml(text: string): unknown {
  if (text.length > LIMIT_CHARACTERS)
    throw new ImportError([{ path: '', message: `has ${text.length} characters; at most ${LIMIT_CHARACTERS}` }])
  if (isTooMuch(text))
    throw new ImportError([{ path: '', message: 'has too many parts, or anchors, aliases or tags: Rivet writes none' }])
  try {
    return parse(text, { logLevel: 'error', uniqueKeys: false }) as unknown
  } catch (error) {
    const [message] = (error instanceof Error ? error.message : String(error)).split('\n')
    throw new ImportError([{ path: '', message: `is not YAML: ${message}` }])
  }
}

const MOST = { parts: 1_000_000, opened: 10_000, separated: 100_000 }

/** What the lexer says before the text of a scalar. */
const SCALAR = '\u001f'

/** Parsing takes ten times as long as looking for its parts; and far longer for anchors, aliases, tags and long lists in brackets, none of which Rivet writes. */
function isTooMuch(text: string): boolean {
  let [parts, opened, separated, before] = [0, 0, 0, '']
  for (const part of new Lexer().lex(text)) {
    parts++
    if (before !== SCALAR && /^[&*!]/.test(part)) return true
    before = part
    if (part === '[' || part === '{') opened++
    else if (part === ',') separated++
    if (parts > MOST.parts || opened > MOST.opened || separated > MOST.separated) return true
  }
  return false
}

function toProject(data: JsonObject, problems: Problem[]): RivetProject {
  const { metadata, graphs, plugins } = data
  const about = isObject(metadata) ? metadata : {}
  if (!isObject(metadata)) problems.push({ path: 'data.metadata', message: 'expected an object' })
  if (!isObject(graphs)) problems.push({ path: 'data.graphs', message: 'expected an object with the graphs by id' })
  const read = Object.entries(isObject(graphs) ? graphs : {}).map(([id, graph]) =>
    readGraph(id, graph, `data.graphs.${id}`, problems),
  )
  if (isObject(graphs) && read.length === 0) problems.push({ path: 'data.graphs', message: 'expected at least one' })
  return {
    title: textOf(about['title']),
    description: textOf(about['description']),
    main: textOf(about['mainGraphId']) || undefined,
    graphs: read,
    plugins: (Array.isArray(plugins) ? plugins : []).flatMap((one: Json) =>
      isObject(one) ? [textOf(one['id']) || textOf(one['package']) || 'unnamed'] : [],
    ),
  }
}

/** A `.rivet-graph` file. */
function ofOneGraph(data: JsonObject, problems: Problem[]): RivetProject {
  const id = isObject(data['metadata']) ? textOf(data['metadata']['id']) : ''
  const graph = readGraph(id || 'graph', data, 'data', problems)
  return { title: graph.name, description: graph.description, main: graph.id, graphs: [graph], plugins: [] }
}

function readGraph(id: string, graph: Json | undefined, path: string, problems: Problem[]): RivetGraph {
  const { metadata, nodes } = isObject(graph) ? graph : {}
  if (!isObject(nodes)) problems.push({ path: `${path}.nodes`, message: 'expected an object with the nodes by id' })
  const about = isObject(metadata) ? metadata : {}
  const entries = Object.entries(isObject(nodes) ? nodes : {})
  const read = entries.flatMap(([key, node]) => {
    const one = readNode(key, node, `${path}.nodes.${key}`, problems)
    return one ? [{ one, node: node as JsonObject, path: `${path}.nodes.${key}` }] : []
  })
  const known = new Set<string>()
  for (const { one, path: at } of read) {
    if (known.has(one.id)) problems.push({ path: at, message: `there is another node with the id "${one.id}"` })
    known.add(one.id)
  }
  return {
    id,
    name: textOf(about['name']),
    description: textOf(about['description']),
    nodes: read.map(({ one }) => one),
    edges: read.flatMap(({ one, node, path: at }) => readEdges(one.id, node, at, known, problems)),
  }
}

function readNode(key: string, node: Json | undefined, path: string, problems: Problem[]): RivetNode | undefined {
  if (!isObject(node)) {
    problems.push({ path, message: 'expected an object' })
    return undefined
  }
  // Version 4 has id, type and title in the key, version 3 in the node.
  const named = /^\[([^\]]+)\]:(\S+) "([^]*)"$/.exec(key)
  const [id, type, title] = named ? named.slice(1) : [textOf(node['id']), textOf(node['type']), textOf(node['title'])]
  if (!id || !type) {
    problems.push({ path, message: `expected a key such as [id]:text "Title", or "id" and "type", got "${key}"` })
    return undefined
  }
  const { data = {}, visualData, splitRunMax } = node
  if (!isObject(data)) problems.push({ path: `${path}.data`, message: 'expected an object' })
  const [x = Number.NaN, y = Number.NaN, width = Number.NaN] = textOf(visualData).split('/').map(Number.parseFloat)
  const most = typeof splitRunMax === 'number' && splitRunMax >= 1 ? Math.floor(splitRunMax) : 10
  return {
    id,
    type,
    title: title ?? '',
    data: isObject(data) ? data : {},
    at: Number.isFinite(x) && Number.isFinite(y) ? [x, y] : undefined,
    width: Number.isFinite(width) ? width : undefined,
    split: node['isSplitRun'] === true ? { most, isSequential: node['isSplitSequential'] === true } : undefined,
    isDisabled: node['disabled'] === true,
    isConditional: node['isConditional'] === true,
  }
}

function readEdges(
  from: string,
  { outgoingConnections: list = [] }: JsonObject,
  path: string,
  known: ReadonlySet<string>,
  problems: Problem[],
): RivetEdge[] {
  if (list === null) return []
  if (!Array.isArray(list)) {
    problems.push({ path: `${path}.outgoingConnections`, message: 'expected a list' })
    return []
  }
  return list.flatMap((one: Json, index) => {
    const edge = typeof one === 'string' ? readEdge(one, from, known) : undefined
    if (edge) return [edge]
    problems.push({
      path: `${path}.outgoingConnections[${index}]`,
      message: 'expected a text such as output->"Title" node/input',
    })
    return []
  })
}

/** `output->"Title of the other" node/input`. Titles and ports hold what people typed: the first place is taken where the rest names a node. */
function readEdge(text: string, from: string, known: ReadonlySet<string>): RivetEdge | undefined {
  const arrow = text.indexOf('->"')
  if (arrow < 1) return undefined
  let last: RivetEdge | undefined
  for (let quote = text.indexOf('"', arrow + 3); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    const found = /^"\s+([^\s/]{1,200})\/([^]+)$/.exec(text.slice(quote, quote + 10_000))
    if (!found) continue
    const [, to = '', input = ''] = found
    last = { from, output: text.slice(0, arrow), to, input }
    if (known.has(to)) return last
  }
  return last
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}
