import { defineNode, NodeFailure } from '#graph/define.ts'
import type { Socket } from '#graph/define.ts'
import type { Parsed } from '../language/query.ts'
import { evaluateQuery, parseQuery } from '../language/query.ts'

const parsed = new WeakMap<object, Parsed>()

function parsedOf(config: { readonly query: string }): Parsed {
  const known = parsed.get(config) ?? parseQuery(typeof config.query === 'string' ? config.query : '')
  parsed.set(config, known)
  return known
}

export default defineNode({
  title: 'Query',
  about:
    'Asks a value with [JSONata](https://docs.jsonata.org): `orders[total > $limit].{"who": name}`. Every `$name` that the query does not set itself is an input. Regular expressions are RE2; a query that takes too long or makes too much fails.',
  icon: 'search-code',
  kind: 'action',
  effect: 'pure',
  config: {
    type: 'object',
    properties: {
      query: { type: 'string', title: 'Query', format: 'multiline', default: '$' },
      timeoutMs: { type: 'integer', title: 'Most time, ms', minimum: 1, maximum: 60_000, default: 5_000 },
    },
  },
  inputs: { from: { type: 'any', required: true, about: 'What is asked: `$` in the query' } },
  outputs: {
    value: { type: 'any', about: 'What it finds; null where that is nothing. One match is no list' },
    list: { type: 'array', about: 'The same as a list, always' },
    found: { type: 'boolean', about: 'Whether it finds something' },
  },
  flow: { in: ['in'], out: ['out'] },
  derive(config) {
    const query = parsedOf(config)
    const socket: Socket = { type: 'any' }
    return {
      inputs: 'variables' in query ? Object.fromEntries(query.variables.map(name => [name, socket])) : {},
    }
  },
  check(config) {
    const query = parsedOf(config)
    if ('problem' in query) return [{ path: 'query', message: query.problem }]
    const isTaken = query.variables.includes('in')
    return isTaken ? [{ path: 'query', message: '"$in" is the name of the flow input: call it otherwise' }] : []
  },
  async run(inputs, context) {
    const { query, timeoutMs } = context.config
    const known = parsedOf(context.config)
    if ('problem' in known) throw new NodeFailure('QUERY', known.problem, { retry: false })
    const given = Object.fromEntries(known.variables.map(name => [name, inputs[name]]))
    const value = await evaluateQuery(query, inputs.from, given, context, timeoutMs)
    const list = value === undefined ? [] : Array.isArray(value) ? value : [value]
    return { outputs: { value: value ?? null, list, found: value !== undefined } }
  },
})
