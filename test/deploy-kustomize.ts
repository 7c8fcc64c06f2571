// As much of kustomize as deploy/k8s uses, for machines without it. Where kubectl is installed, the test compares the two.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'

/** Any object of Kubernetes. */
export interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly [part: string]: unknown
}

interface Kustomization {
  readonly namespace?: string
  readonly resources?: readonly string[]
  readonly images?: readonly { readonly name: string; readonly newTag: string }[]
  readonly configMapGenerator?: readonly Generator[]
  readonly patches?: readonly Patch[]
}
interface Generator {
  readonly name: string
  readonly behavior?: 'merge'
  readonly literals?: readonly string[]
  readonly files?: readonly string[]
}
interface Patch {
  readonly target: { readonly kind: string; readonly name?: string }
  readonly patch: string
}
type Operation = { readonly op: 'replace'; readonly path: string; readonly value: unknown }

/** Builds the kustomization in a folder. Config maps have the names that they are given, without the hash that kustomize adds. */
export function buildKustomization(folder: string): readonly Resource[] {
  const kustomization = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as Kustomization
  const { namespace, resources = [], configMapGenerator = [], patches = [], images = [] } = kustomization
  const read = resources.flatMap(path =>
    path.endsWith('.yaml') ? readResources(join(folder, path)) : buildKustomization(resolve(folder, path)),
  )
  const generated = configMapGenerator.reduce<readonly Resource[]>(
    (made, generator) => generate(made, generator, folder),
    read,
  )
  const patched = patches.reduce<readonly Resource[]>(applyPatch, generated)
  return patched.map(one => withImages(withNamespace(one, namespace), images))
}

export function readResources(file: string): readonly Resource[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map(document => document.toJS() as Resource)
}

function generate(resources: readonly Resource[], generator: Generator, folder: string): readonly Resource[] {
  const { name, behavior, literals = [], files = [] } = generator
  const data = Object.fromEntries([
    ...literals.map(literal => [literal.slice(0, literal.indexOf('=')), literal.slice(literal.indexOf('=') + 1)]),
    ...files.map(file => [file, readFileSync(join(folder, file), 'utf8')]),
  ]) as Record<string, string>
  const isSame = (one: Resource) => one.kind === 'ConfigMap' && one.metadata.name === name
  const made: Resource = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }
  if (behavior !== 'merge') return [...resources, Object.keys(data).length > 0 ? { ...made, data } : made]
  if (!resources.some(isSame)) throw new Error(`there is no ConfigMap "${name}" to merge with`)
  return resources.map(one => (isSame(one) ? { ...one, data: { ...(one['data'] as object), ...data } } : one))
}

function applyPatch(resources: readonly Resource[], { target, patch }: Patch): readonly Resource[] {
  const isMeant = ({ kind, metadata }: Resource) =>
    kind === target.kind && (target.name === undefined || metadata.name === target.name)
  if (!resources.some(isMeant)) throw new Error(`nothing is a ${target.kind} "${target.name ?? ''}"`)
  const change = parse(patch) as readonly Operation[] | { readonly $patch: 'delete' }
  if (!Array.isArray(change)) return resources.filter(one => !isMeant(one))
  return resources.map(one => (isMeant(one) ? (change as readonly Operation[]).reduce(replace, one) : one))
}

function replace(resource: Resource, { path, value }: Operation): Resource {
  const changed = structuredClone(resource) as Resource
  const keys = path.split('/').slice(1)
  let parent: unknown = changed
  for (const key of keys.slice(0, -1)) parent = (parent as Record<string, unknown>)[key]
  const last = keys.at(-1) ?? ''
  if (!Object.hasOwn(parent as object, last)) throw new Error(`there is no ${path} to replace`)
  ;(parent as Record<string, unknown>)[last] = value
  return changed
}

function withNamespace(resource: Resource, namespace: string | undefined): Resource {
  if (namespace === undefined || resource.kind === 'Namespace') return resource
  return { ...resource, metadata: { ...resource.metadata, namespace } }
}

function withImages(value: Resource, images: NonNullable<Kustomization['images']>): Resource {
  const tagged = (image: unknown) => {
    const found = images.find(({ name }) => name === image)
    return found ? `${found.name}:${found.newTag}` : image
  }
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) =>
    key === 'image' ? tagged(inner) : inner,
  ) as Resource
}
