import { readdir } from 'node:fs/promises'
import type { ServiceDeclaration } from './service.ts'

/** A module found in a folder: its path below the folder without the extension, and its default export. */
export interface Discovered {
  readonly name: string
  readonly value: unknown
}

/**
 * Imports every module below `folder` whose relative path matches, in order of the paths, and gives the default exports. Tests, suites, types
 * and modules without a default export are left out. A folder that is not there is empty.
 */
export async function discoverFolder(folder: URL, pattern: RegExp = /\.ts$/): Promise<readonly Discovered[]> {
  const base = folder.href.endsWith('/') ? folder : new URL(`${folder.href}/`)
  const files = await listFiles(base)
  const paths = files.filter(path => pattern.test(path) && !/\.(test|suite|d)\.ts$/.test(path)).toSorted()
  const found: Discovered[] = []
  // One after the other: Jest's loader trips over graphs that share modules and are imported at the same time, and Node gains nothing by it.
  for (const path of paths) {
    const module = (await import(new URL(path, base).href)) as { default?: unknown }
    if (module.default !== undefined) found.push({ name: path.replace(/\.ts$/, ''), value: module.default })
  }
  return found
}

/** The default exports of a folder by name, e.g. node types: `flow/branch` → its definition. */
export async function discoverRecord<T>(folder: URL, pattern?: RegExp): Promise<Record<string, T>> {
  const found = await discoverFolder(folder, pattern)
  return Object.fromEntries(found.map(({ name, value }) => [name, value as T]))
}

/** A service and the name of its folder. */
export interface NamedService {
  readonly name: string
  readonly declaration: ServiceDeclaration
}

/** The names of all services of this program: the folders of `services/` with a `service.ts`, and `edge`. */
export async function listServices(root: URL = ROOT): Promise<readonly string[]> {
  const services = await listFiles(new URL('services/', root))
  const edge = await listFiles(new URL('edge/', root))
  const names = services.flatMap(path => /^([a-z0-9-]+)\/service\.ts$/.exec(path)?.[1] ?? [])
  return [...names.toSorted(), ...(edge.includes('service.ts') ? ['edge'] : [])]
}

/** Imports services by name. */
export async function loadServices(names: readonly string[], root: URL = ROOT): Promise<readonly NamedService[]> {
  const found: NamedService[] = []
  for (const name of names) {
    const file = new URL(name === 'edge' ? 'edge/service.ts' : `services/${name}/service.ts`, root)
    const module = (await import(file.href)) as { default?: ServiceDeclaration }
    if (!module.default) throw new Error(`services/${name}/service.ts has no default export`)
    found.push({ name, declaration: module.default })
  }
  return found
}

const ROOT = new URL('../', import.meta.url)

async function listFiles(folder: URL): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true })
    return entries.map(entry => entry.replaceAll('\\', '/')).filter(path => !path.split('/').includes('node_modules'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
