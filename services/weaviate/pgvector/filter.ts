import type { Condition, Filter } from '../provider.ts'
import { columnOf } from './column.ts'

/** A part of a statement: text, with its parameters where they belong. */
export type Part = string | { readonly parameter: unknown; readonly type: string }

const TYPES = { text: 'text', texts: 'text', number: 'float8', date: 'bigint', boolean: 'boolean' } as const

/** The condition of a filter over the columns of properties. Values are parameters always; names of properties are checked. */
export function toCondition(filter: Filter): readonly Part[] {
  if ('all' in filter) return joined(filter.all, ' and ', 'true')
  if ('any' in filter) return joined(filter.any, ' or ', 'false')
  return one(filter)
}

function joined(filters: readonly Filter[], word: string, none: string): readonly Part[] {
  if (filters.length === 0) return [none]
  return ['(', ...filters.flatMap((filter, index) => [...(index > 0 ? [word] : []), ...toCondition(filter)]), ')']
}

function one({ property, type, operator, value }: Condition): readonly Part[] {
  const column = columnOf(property)
  const parameter: Part = { parameter: value, type: TYPES[type] }
  const list: Part = { parameter: JSON.stringify(value), type: 'jsonb' }
  const among: readonly Part[] = [`array(select one::${TYPES[type]} from jsonb_array_elements_text(`, list, ') one)']
  switch (operator) {
    case 'in':
      return type === 'texts' ? [`${column} && `, ...among] : [`${column} = any(`, ...among, ')']
    case 'contains':
      return [`${column} @> array[`, parameter, ']']
    case '!=':
      return [`${column} is distinct from `, parameter]
    default:
      return [`${column} ${operator} `, parameter]
  }
}
