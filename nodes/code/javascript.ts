import { defineNode, NodeFailure } from '#graph/define.ts'
import type { LogLevel } from '#graph/journal.ts'
import type { Json, JsonObject } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { textsIn } from '../language/many.ts'

const LEVELS: Readonly<Record<string, LogLevel>> = {
  log: 'info',
  info: 'info',
  debug: 'debug',
  warn: 'warn',
  error: 'error',
}

export default defineNode({
  title: 'JavaScript',
  about:
    'Runs code in a process of its own, without network, files or credentials, for at most 5 s. It sees `inputs` and `state`, may change `state`, and returns an object with the outputs.',
  icon: 'code',
  kind: 'action',
  effect: 'pure',
  config: {
    type: 'object',
    properties: {
      code: {
        type: 'string',
        title: 'Code',
        format: 'code',
        default: 'return { result: inputs.value }',
        maxLength: 200_000,
      },
      inputs: { type: 'array', title: 'Inputs', items: { type: 'string', minLength: 1 }, default: ['value'] },
      outputs: { type: 'array', title: 'Outputs', items: { type: 'string', minLength: 1 }, default: ['result'] },
    },
  },
  flow: { in: ['in'], out: ['out'] },
  derive: ({ inputs, outputs }) => ({
    inputs: Object.fromEntries(textsIn(inputs).map(name => [name, { type: 'any' as const }])),
    outputs: Object.fromEntries(textsIn(outputs).map(name => [name, { type: 'any' as const }])),
  }),
  async run(inputs, { config, sandbox, signal, state, log }) {
    const before = state.all()
    const given = Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== undefined)) as JsonObject
    const answer = (await sandbox.run(wrap(config.code), [given, before], { signal })) as unknown as Answer
    for (const [level, text] of answer.lines) log(LEVELS[level] ?? 'info', text)
    if (answer.error !== null) throw new NodeFailure('CODE_ERROR', answer.error, { retry: false })
    if (!isObject(answer.state)) throw new NodeFailure('CODE_ERROR', '"state" must stay an object', { retry: false })
    for (const [key, value] of Object.entries(answer.state)) {
      if (!Object.hasOwn(before, key) || JSON.stringify(before[key]) !== JSON.stringify(value)) state.set(key, value)
    }
    return { outputs: toOutputs(answer.result, config.outputs) }
  },
})

interface Answer {
  readonly result: Json
  readonly state: Json
  readonly lines: readonly (readonly [level: string, text: string])[]
  readonly error: string | null
}

/** The code as the sandbox wants it: one function. It begins on the first line, so that line numbers are the user's. */
function wrap(code: string): string {
  return `async (inputs, state) => { const lines = []; const console = Object.fromEntries(['log', 'info', 'debug', 'warn', 'error'].map(level => [level, (...all) => { if (lines.length < 1000) lines.push([level, all.map(one => typeof one === 'string' ? one : JSON.stringify(one) ?? String(one)).join(' ').slice(0, 10000)]) }])); try { const result = await (async () => { ${code}
})(); return { result: result ?? null, state, lines, error: null } } catch (error) { const line = /code\\.js:(\\d+)/.exec(error?.stack ?? '')?.[1]; return { result: null, state: {}, lines, error: error instanceof Error ? \`\${error.name}: \${error.message}\${line ? \` (line \${line - 1})\` : ''}\` : \`threw \${JSON.stringify(error)}\` } } }`
}

/** An object with at least one of the outputs is taken by name; anything else is the only output’s value. */
function toOutputs(result: Json, names: readonly string[]): JsonObject {
  if (isObject(result) && names.some(name => Object.hasOwn(result, name))) {
    return Object.fromEntries(
      names.flatMap(name => (Object.hasOwn(result, name) ? [[name, result[name] ?? null]] : [])),
    )
  }
  const [only, ...more] = names
  return only !== undefined && more.length === 0 ? { [only]: result } : {}
}
