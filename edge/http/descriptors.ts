import { readFile } from 'node:fs/promises'
import { createFileRegistry, fromBinary, getExtension, hasExtension } from '@bufbuild/protobuf'
import type { DescExtension, DescField, DescMessage, DescMethod, FileRegistry } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'

/** One RPC as HTTP shows it. */
export interface HttpRule {
  readonly method: 'get' | 'post' | 'put' | 'delete' | 'patch'
  /** `/v1/spells/{spell_id}` */
  readonly path: string
  readonly hasBody: boolean
  readonly rpc: DescMethod
}

/** Everything that the contracts say of HTTP. */
export interface Contracts {
  readonly rules: readonly HttpRule[]
  /** An RPC by its service's full name and its own, whether HTTP shows it or not. Throws where there is none. */
  rpc(service: string, name: string): DescMethod
  /** Whether several services have a message of this name. */
  isCommon(name: string): boolean
  /** The bytes of this field are a JSON text. */
  isJson(field: DescField): boolean
  /** The cookie that carries this field. */
  cookieOf(field: DescField): string | undefined
  /** The comment above a declaration; empty: there is none. */
  commentOf(of: DescMethod | DescMessage | DescField): string
}

const DESCRIPTORS = new URL('../../gen/descriptors.binpb', import.meta.url)

/** Reads the descriptor set that buf built from proto/. */
export async function readContracts(): Promise<Contracts> {
  const set = fromBinary(FileDescriptorSetSchema, await readFile(DESCRIPTORS))
  const registry = createFileRegistry(set)
  const [http, json, cookie] = ['google.api.http', 'spellmesh.options.v1.json', 'spellmesh.options.v1.cookie'].map(
    name => extensionOf(registry, name),
  )
  const comments = readComments(set.file)
  // Reading an option makes an extension container: once per field, not per message.
  const jsonFields = new WeakMap<DescField, boolean>()
  const remember = (field: DescField) => {
    const isJson = optionOf(field, json) === true
    jsonFields.set(field, isJson)
    return isJson
  }
  const services = set.file
    .filter(({ name }) => name.startsWith('spellmesh/'))
    .flatMap(file => file.service.map(({ name }) => registry.getService(`${file.package}.${name}`)))
  const times = Map.groupBy(
    set.file.filter(({ name }) => name.startsWith('spellmesh/')).flatMap(file => file.messageType),
    ({ name }) => name,
  )
  return {
    isCommon: name => (times.get(name)?.length ?? 0) > 1,
    rules: services.flatMap(service => service?.methods.flatMap(rpc => toRule(rpc, http) ?? []) ?? []),
    rpc(service, name) {
      const found = registry.getService(service)?.methods.find(one => one.name === name)
      if (!found) throw new Error(`the descriptors do not have "${service}.${name}": run npm run generate`)
      return found
    },
    isJson: field => jsonFields.get(field) ?? remember(field),
    cookieOf: field => (optionOf(field, cookie) as string | undefined) || undefined,
    commentOf: of => comments.get(of.kind === 'message' ? of.typeName : `${of.parent.typeName}.${of.name}`) ?? '',
  }
}

function extensionOf(registry: FileRegistry, name: string): DescExtension {
  const extension = registry.getExtension(name)
  if (!extension) throw new Error(`the descriptors do not have "${name}": run npm run generate`)
  return extension
}

function optionOf({ proto }: DescField, extension: DescExtension | undefined): unknown {
  const { options } = proto
  return options && extension && hasExtension(options, extension) ? getExtension(options, extension) : undefined
}

function toRule(rpc: DescMethod, extension: DescExtension | undefined): HttpRule | undefined {
  const { options } = rpc.proto
  if (!options || !extension || !hasExtension(options, extension)) return undefined
  const rule = getExtension(options, extension) as {
    pattern: { case: HttpRule['method']; value: string }
    body: string
  }
  return { method: rule.pattern.case, path: rule.pattern.value, hasBody: rule.body === '*', rpc }
}

/** Leading comments by full name, from the paths of descriptor.proto: 4 messages, 6 services, 2 their fields and methods. */
function readComments(files: readonly FileDescriptorProto[]): ReadonlyMap<string, string> {
  const comments = new Map<string, string>()
  for (const file of files) {
    for (const { path, leadingComments } of file.sourceCodeInfo?.location ?? []) {
      const [kind, first = -1, inner, second = -1] = path
      const owner = kind === 4 ? file.messageType[first] : kind === 6 ? file.service[first] : undefined
      if (!owner || !leadingComments || path.length > 4 || (path.length === 4 && inner !== 2)) continue
      const member =
        path.length === 4
          ? kind === 4
            ? file.messageType[first]?.field[second]
            : file.service[first]?.method[second]
          : undefined
      const name = `${file.package}.${owner.name}${member ? `.${member.name}` : ''}`
      comments.set(name, leadingComments.trim().replace(/\n /g, '\n'))
    }
  }
  return comments
}
