// The state of a little Weaviate, and what it refuses, in the words of the real one's source; stricter where we ought to be exact: the real one drops fields that it does not know.

export interface ClassProperty {
  readonly name: string
  readonly dataType: readonly string[]
  readonly tokenization?: string
  readonly indexFilterable?: boolean
  readonly indexSearchable?: boolean
  readonly indexRangeFilters?: boolean
}
export interface WeaviateClass {
  readonly class: string
  readonly properties: ClassProperty[]
  readonly multiTenancyConfig: { readonly enabled?: boolean; readonly autoTenantCreation?: boolean }
  readonly invertedIndexConfig: { readonly indexNullState?: boolean }
}
export interface StoredObject {
  readonly uuid: string
  readonly properties: Readonly<Record<string, unknown>>
  readonly vector: readonly number[] | undefined
}
/** As it is kept: a property that was added later has no index of it, not even that it is missing. */
export interface KeptObject extends StoredObject {
  readonly indexed: ReadonlySet<string>
}
export type Tenants = Map<string, Map<string, KeptObject>>

export class Refused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const CLASS_FIELDS = new Set(
  'class vectorizer vectorIndexType vectorIndexConfig multiTenancyConfig invertedIndexConfig properties moduleConfig replicationConfig shardingConfig description vectorConfig objectTtlConfig'.split(
    ' ',
  ),
)
const PROPERTY_FIELDS = new Set(
  'name dataType tokenization indexFilterable indexSearchable indexRangeFilters indexInverted description moduleConfig nestedProperties'.split(
    ' ',
  ),
)
const DATA_TYPES = new Set(['text', 'text[]', 'number', 'boolean', 'date', 'int', 'uuid'])
const TOKENIZATIONS = new Set(['word', 'lowercase', 'whitespace', 'field', 'trigram'])

export class Classes {
  readonly #classes = new Map<string, { readonly definition: WeaviateClass; readonly tenants: Tenants }>()

  find(name: string): { readonly definition: WeaviateClass; readonly tenants: Tenants } | undefined {
    return this.#classes.get(name)
  }

  create(given: Readonly<Record<string, unknown>>): WeaviateClass {
    const definition = {
      multiTenancyConfig: {},
      invertedIndexConfig: {},
      ...given,
      properties: [...((given['properties'] as ClassProperty[] | undefined) ?? [])],
    } as unknown as WeaviateClass
    refuseUnknown(given, CLASS_FIELDS)
    const { class: name } = definition
    if (!/^[A-Z][_0-9A-Za-z]{0,254}$/.test(name)) throw new Refused(422, `'${name}' is not a valid class name`)
    if (this.#classes.has(name)) throw new Refused(422, `class name ${name} already exists`)
    if (given['vectorizer'] !== 'none') throw new Refused(422, 'no vectorizer module is enabled here')
    for (const property of definition.properties) checkProperty(property)
    this.#classes.set(name, { definition, tenants: new Map() })
    return definition
  }

  /** As somebody else may do it. */
  remove(name: string): void {
    this.#classes.delete(name)
  }

  addProperty(className: string, property: ClassProperty): ClassProperty {
    const definition = this.#classes.get(className)?.definition
    if (!definition) throw new Refused(422, 'class is nil: not found')
    checkProperty(property)
    if (definition.properties.some(({ name }) => name.toLowerCase() === property.name.toLowerCase()))
      throw new Refused(
        422,
        `class "${className}": conflict for property "${property.name}": already in use or provided multiple times`,
      )
    definition.properties.push(property)
    return property
  }

  addTenants(className: string, names: readonly string[]): void {
    for (const [index, name] of names.entries())
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(name))
        throw new Refused(422, `tenant name at index ${index}: tenant name should only contain alphanumeric characters`)
    const { definition, tenants } = this.#written(className)
    if (!definition.multiTenancyConfig.enabled)
      throw new Refused(422, `updating schema: multi-tenancy is not enabled for class "${className}"`)
    // One that is there stays as it is, and nothing is said.
    for (const name of names) {
      if (!tenants.has(name)) tenants.set(name, new Map())
    }
  }

  removeTenants(className: string, names: readonly string[]): void {
    const { tenants } = this.#written(className)
    for (const name of names) tenants.delete(name)
  }

  #written(className: string) {
    const found = this.#classes.get(className)
    if (!found) throw new Refused(422, 'updating schema: class not found')
    return found
  }

  of(className: string) {
    const found = this.#classes.get(className)
    if (!found) throw new Refused(422, `could not find class ${className} in schema`)
    return found
  }

  /** The objects of a tenant, which must be there. */
  shard(
    className: string,
    tenant: string,
  ): { readonly definition: WeaviateClass; readonly objects: Map<string, KeptObject> } {
    const { definition, tenants } = this.of(className)
    if (tenant === '')
      throw new Refused(422, `class ${className} has multi-tenancy enabled, but request was without tenant`)
    const objects = tenants.get(tenant)
    if (!objects) throw new Refused(422, `tenant not found: "${tenant}"`)
    return { definition, objects }
  }

  put(className: string, tenant: string, object: StoredObject): void {
    const definition = this.#classes.get(className)?.definition
    if (!definition) throw new Refused(422, `class '${className}' not present in schema`)
    if (definition.multiTenancyConfig.autoTenantCreation && tenant !== '') this.addTenants(className, [tenant])
    const { objects } = this.shard(className, tenant)
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(object.uuid)) throw new Refused(422, 'invalid UUID')
    checkValues(definition, object.properties)
    const there = [...objects.values()].find(({ uuid, vector }) => vector && uuid !== object.uuid)?.vector
    if (object.vector && there && there.length !== object.vector.length)
      throw new Refused(
        422,
        `Validate vector index for ${object.uuid}: new node has a vector with length ${object.vector.length}. Existing nodes have vectors with length ${there.length}`,
      )
    const indexed = new Set(definition.properties.map(({ name }) => name))
    objects.set(object.uuid, { ...object, indexed })
  }
}

function checkProperty(property: ClassProperty): void {
  refuseUnknown(property as unknown as Record<string, unknown>, PROPERTY_FIELDS)
  const { name, dataType, tokenization, indexSearchable, indexRangeFilters } = property
  if (!/^[_A-Za-z][_0-9A-Za-z]{0,230}$/.test(name)) throw new Refused(422, `'${name}' is not a valid property name`)
  const [type = ''] = dataType
  if (dataType.length !== 1 || !DATA_TYPES.has(type)) throw new Refused(422, `unknown data type of "${name}"`)
  const isText = type.startsWith('text')
  if (tokenization !== undefined && !(isText && TOKENIZATIONS.has(tokenization)))
    throw new Refused(422, `tokenization is not allowed for data type '${type}'`)
  if (indexSearchable && !isText) throw new Refused(422, '`indexSearchable` is allowed only for text/text[] data types')
  if (indexRangeFilters && !['number', 'date', 'int'].includes(type))
    throw new Refused(422, '`indexRangeFilters` is allowed only for number/int/date data types')
}

function checkValues({ properties }: WeaviateClass, values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    // The real one would add it by its auto-schema, with a type of its own choice.
    const type = properties.find(one => one.name === name)?.dataType[0]
    if (type === undefined) throw new Refused(422, `no such prop with name '${name}' found in class in the schema`)
    const right =
      type === 'text[]'
        ? Array.isArray(value) && value.every(one => typeof one === 'string')
        : type === 'date'
          ? typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value)
          : typeof value === (type === 'text' ? 'string' : type)
    if (!right) throw new Refused(422, `invalid ${type} property '${name}': ${JSON.stringify(value)}`)
  }
}

function refuseUnknown(given: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): void {
  for (const name of Object.keys(given))
    if (!known.has(name) && given[name] !== undefined)
      throw new Refused(422, `parsing body failed: unknown field "${name}"`)
}
