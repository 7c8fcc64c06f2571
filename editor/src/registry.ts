import type { NodeDefinition, Registry } from '#graph/define.ts'
import { createRegistry } from '#graph/registry.ts'

const modules = import.meta.glob<NodeDefinition>(
  ['../../nodes/*/*.ts', '!../../nodes/language/**', '!../../nodes/**/*.{test,suite}.ts'],
  {
    eager: true,
    import: 'default',
  },
)

/** The node library, in the page: the same files that the server runs. */
export const registry: Registry = createRegistry(
  Object.fromEntries(
    Object.entries(modules).flatMap(([path, definition]) => {
      const name = /nodes\/(.+)\.ts$/.exec(path)?.[1]
      return name ? [[name, definition]] : []
    }),
  ),
)
