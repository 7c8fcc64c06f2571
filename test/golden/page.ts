// The browser's side: every node type and every example, bundled.
import type { NodeDefinition } from '#graph/define.ts'
import { createRegistry } from '#graph/registry.ts'
import type { NodeExample } from '#nodes/example.ts'
import { playGolden } from './play.ts'

declare global {
  interface ImportMeta {
    glob<T>(patterns: readonly string[], options: { eager: true; import: 'default' }): Readonly<Record<string, T>>
  }
}

const byName = <T>(modules: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(
    Object.entries(modules).map(([path, value]) => [
      path.replace(/^.*nodes\//, '').replace(/(\.example)?\.\w+$/, ''),
      value,
    ]),
  )
const types = import.meta.glob<NodeDefinition>(
  ['../../nodes/*/*.ts', '!../../nodes/language/**', '!../../nodes/**/*.{test,suite}.ts'],
  { eager: true, import: 'default' },
)
const examples = import.meta.glob<NodeExample>(['../../nodes/*/*.example.json'], { eager: true, import: 'default' })
const registry = createRegistry(byName(types))

/** The journals of these examples, by node type. */
export async function play(names: readonly string[]): Promise<Record<string, string>> {
  const found = byName(examples)
  const journals: Record<string, string> = {}
  for (const name of names) {
    const example = found[name]
    if (example) journals[name] = await playGolden(registry, example)
  }
  return journals
}
