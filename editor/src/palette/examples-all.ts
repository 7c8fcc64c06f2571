import type { NodeExample } from '#nodes/example.ts'

const modules = import.meta.glob<NodeExample>('../../../nodes/*/*.example.json', { eager: true, import: 'default' })

/** Every node type's example, by its type. */
export const EXAMPLES: ReadonlyMap<string, NodeExample> = new Map(
  Object.entries(modules).flatMap(([path, example]) => {
    const type = /nodes\/(.+)\.example\.json$/.exec(path)?.[1]
    return type ? [[type, example] as const] : []
  }),
)
