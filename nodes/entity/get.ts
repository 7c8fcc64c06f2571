import { defineNode } from '#graph/define.ts'
import { toEntity } from '../language/entity.ts'
import { toTime } from '../language/knowledge.ts'
import type { Entities } from '../services.ts'
import '../services.ts'

export default defineNode({
  title: 'Get entity',
  about:
    'Gives what is known of a person, place or thing, by its id or its name, along `found` or `missing`: as it is, or as it was at a time.',
  icon: 'contact',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      kind: { type: 'string', title: 'Kind', default: '', description: 'person, place, thing …; empty: any' },
      likeness: {
        type: 'number',
        title: 'Least likeness of a name',
        minimum: 0,
        maximum: 1,
        default: 0.8,
        description: '1: its very name',
      },
    },
  },
  inputs: {
    id: { type: 'string', about: 'Its id' },
    name: { type: 'string', about: 'Or what it is called' },
    asOf: { type: 'any', about: 'As it was then: milliseconds since 1970 or a date' },
  },
  outputs: {
    entity: { type: 'any', about: 'With names, about, attributes and relations; null: nobody knows it' },
    id: { type: 'string', about: 'Empty: nobody knows it' },
    attributes: { type: 'object' },
  },
  flow: { in: ['in'], out: ['found', 'missing'] },
  async run({ id = '', name = '', asOf }, { config, services, signal }) {
    const missing = { outputs: { entity: null, id: '', attributes: {} }, pulse: 'missing' }
    const entityId = id || (await idOf(name, config, services.entity, signal))
    if (entityId === '') return missing
    try {
      const { entity } = await services.entity.get({ entityId, asOf: toTime(asOf, 'asOf') }, { signal })
      if (!entity) return missing
      const known = toEntity(entity)
      return { outputs: { entity: known, id: entity.id, attributes: known['attributes'] ?? {} }, pulse: 'found' }
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'NOT_FOUND') return missing
      throw error
    }
  },
})

async function idOf(
  name: string,
  { kind, likeness }: { readonly kind: string; readonly likeness: number },
  entities: Entities,
  signal: AbortSignal,
): Promise<string> {
  if (name.trim() === '') return ''
  const found = await entities.find({ name, kind }, { signal })
  return found.entity && found.likeness >= likeness ? found.entity.id : ''
}
