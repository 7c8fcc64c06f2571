import type { NodeDefinition, NodeSockets, NodeType, Registry, Schema, Socket, Sockets } from './define.ts'
import type { NodeDocument } from './document.ts'
import type { JsonObject } from './json.ts'
import { withDefaults } from './schema.ts'

/** Names of node types that stand for what an importer could not map: they are kept and shown, and never run. */
export const MISSING = 'missing/'

/** Builds a registry from definitions by type name (`flow/branch`). */
export function createRegistry(definitions: Readonly<Record<string, NodeDefinition>>): Registry {
  return new Map(Object.entries(definitions).map(([type, definition]) => [type, { ...definition, type }]))
}

const FAILURE: Socket = { type: 'object', title: 'Failure', about: 'What went wrong: `{code, message, node}`.' }

/** The sockets of a node type under a config that may be incomplete or wrong: static ones, derived ones, and those every node has. */
export function socketsOfType(type: NodeType, config: JsonObject | undefined): NodeSockets {
  const derived = type.derive?.(withDefaults(config ?? {}, type.config)) ?? {}
  const inputs: Sockets = { ...type.inputs, ...derived.inputs }
  const outputs: Sockets = { ...type.outputs, ...derived.outputs }
  const flowIn = unique([...(type.flow?.in ?? []), ...(derived.flow?.in ?? [])])
  const flowOut = unique([...(type.flow?.out ?? []), ...(derived.flow?.out ?? [])])
  if (type.kind === 'pure' || type.role === 'start' || type.role === 'input')
    return { inputs, outputs, flow: { in: flowIn, out: flowOut } }
  return { inputs, outputs: { ...outputs, failure: FAILURE }, flow: { in: flowIn, out: unique([...flowOut, 'error']) } }
}

/** The sockets of a node, or undefined where its type is not known. */
export function socketsOf(registry: Registry, node: NodeDocument): NodeSockets | undefined {
  const type = registry.get(node.type)
  return type && socketsOfType(type, node.config)
}

/** What a node crash or a second run of it may do to the outside. */
export function effectOf(type: NodeDefinition): 'pure' | 'idempotent' | 'unsafe' {
  return type.effect ?? (type.kind === 'pure' || type.kind === 'scope' || type.kind === 'join' ? 'pure' : 'unsafe')
}

/** A node type as people and programs read it. */
export interface NodeTypeDescription {
  readonly type: string
  readonly version: number
  readonly title: string
  readonly about: string
  readonly kind: string
  readonly effect: string
  readonly icon?: string
  readonly config: Schema
  /** Under the default config. */
  readonly sockets: NodeSockets
}

/** Describes a node type for `GET /v1/node-types`. */
export function describeNodeType(type: NodeType): NodeTypeDescription {
  return {
    type: type.type,
    version: type.version ?? 1,
    title: type.title,
    about: type.about,
    kind: type.kind,
    effect: effectOf(type),
    ...(type.icon === undefined ? {} : { icon: type.icon }),
    config: type.config ?? { type: 'object', properties: {} },
    sockets: socketsOfType(type, {}),
  }
}

function unique(names: readonly string[]): readonly string[] {
  return names.length < 2 ? names : [...new Set(names)]
}
