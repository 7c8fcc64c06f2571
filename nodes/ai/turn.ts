import { defineNode } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { checkSchema } from '#graph/schema.ts'
import type { Schema } from '#graph/define.ts'
import {
  ANSWER_CONFIG,
  ANSWER_OUTPUTS,
  MODEL_CONFIG,
  OVER_BUDGET,
  toResult,
  wholeAnswer,
} from '../language/completion.ts'
import type { Tool } from '../language/completion.ts'
import { argumentsOf, readMessages, saidBy, toJson } from '../language/messages.ts'
import type { Message, ToolCall } from '../language/messages.ts'

const TOOL_NAME = /^[A-Za-z0-9_-]{1,64}$/

export default defineNode({
  title: 'Agent turn',
  about:
    'Asks a language model once, with tools that it may use. Goes on along `tools` where it wants some (*Use tools* runs them), along `done` where it answers. *Agent* asks again until then.',
  icon: 'bot-message-square',
  kind: 'action',
  effect: 'idempotent',
  keyed: true,
  config: {
    type: 'object',
    properties: {
      model: MODEL_CONFIG.model,
      tools: {
        type: 'array',
        title: 'Tools',
        items: {
          type: 'object',
          properties: {
            name: { type: 'string', minLength: 1, maxLength: 64 },
            description: { type: 'string' },
            parameters: { type: 'object' },
          },
          required: ['name'],
        },
        maxItems: 128,
        default: [],
        description:
          '`{name, description, parameters}` each; `parameters` is the JSON Schema of its arguments, an object',
      },
      toolChoice: {
        type: 'string',
        title: 'Must use',
        default: '',
        description: 'Empty: as it likes; `none`, `required`, or the name of a tool: until a tool has answered',
      },
      parallel: { type: 'boolean', title: 'Several at once', default: true },
      ...ANSWER_CONFIG,
      fallbacks: MODEL_CONFIG.fallbacks,
      budget: MODEL_CONFIG.budget,
    },
  },
  inputs: {
    messages: { type: 'array', required: true, about: 'The conversation so far: `{role, content}` each' },
    tools: { type: 'array', about: 'In place of those in the settings' },
  },
  outputs: {
    ...ANSWER_OUTPUTS,
    messages: { type: 'array', about: 'The conversation with what the model said' },
    calls: { type: 'array', about: 'Which tools it wants to use: `{id, name, arguments}` each' },
  },
  flow: { in: ['in'], out: ['done', 'tools', OVER_BUDGET] },
  check: ({ tools, toolChoice }) => [
    ...problemsOfTools(tools),
    ...(['', 'auto', 'none', 'required'].includes(toolChoice) ||
    tools.length === 0 ||
    namesOf(tools).includes(toolChoice)
      ? []
      : [
          {
            path: 'toolChoice',
            message: `"${toolChoice}" is none of auto, none, required, ${namesOf(tools).join(', ')}`,
          },
        ]),
  ],
  async run({ messages: given, tools: wired }, context) {
    const { config, log } = context
    const messages = readMessages(given)
    const tools = readTools(wired ?? config.tools)
    const { parallel } = config
    // What must be used each time is used for ever.
    const isFree = messages.at(-1)?.role === 'tool' && config.toolChoice !== 'none'
    const toolChoice = isFree ? '' : config.toolChoice
    const answer = await wholeAnswer(
      { messages, tools, toolChoice, ...(tools.length > 0 ? { parallel } : {}) },
      context,
    )
    const { text, reasoning, toolCalls } = answer
    const refused = toolCalls.flatMap(call => refusalOf(call, tools))
    for (const { content } of refused) log('warn', content)
    const wanted = new Set(toolCalls.map(({ id }) => id))
    for (const { toolCallId = '' } of refused) wanted.delete(toolCallId)
    const calls = toolCalls
      .filter(({ id }) => wanted.has(id))
      .map(call => ({ id: call.id, name: call.name, arguments: argumentsOf(call) ?? {} }))
    const outputs = { text, reasoning, messages: toJson([...messages, saidBy(answer), ...refused]), calls }
    return toResult(answer, outputs, toolCalls.length > 0 ? 'tools' : 'done')
  },
})

function namesOf(tools: readonly Json[]): readonly string[] {
  return tools.flatMap(tool => (isObject(tool) && typeof tool['name'] === 'string' ? tool['name'] : []))
}

function problemsOfTools(tools: readonly Json[]): { path: string; message: string }[] {
  const names = namesOf(tools)
  return names.flatMap((name, index) => {
    const path = `tools[${index}].name`
    if (!TOOL_NAME.test(name))
      return [{ path, message: `expected 1 to 64 letters, digits, "_" and "-", got "${name}"` }]
    return names.indexOf(name) < index ? [{ path, message: `"${name}" is there twice` }] : []
  })
}

function readTools(given: readonly Json[]): readonly Tool[] {
  return given.flatMap(one => {
    if (!isObject(one) || typeof one['name'] !== 'string') return []
    const { name, description, parameters } = one
    return {
      name,
      description: typeof description === 'string' ? description : '',
      parameters: isObject(parameters) ? parameters : { type: 'object', properties: {} },
    }
  })
}

/** What the model is told where it asks for something that cannot be: it may try again. */
function refusalOf(call: ToolCall, tools: readonly Tool[]): Message[] {
  const problem = problemOf(call, tools)
  return problem === undefined ? [] : [{ role: 'tool', toolCallId: call.id, content: `error: ${problem}` }]
}

function problemOf(call: ToolCall, tools: readonly Tool[]): string | undefined {
  const tool = tools.find(({ name }) => name === call.name)
  if (!tool) return `there is no tool "${call.name}"; there are ${tools.map(({ name }) => name).join(', ') || 'none'}`
  const given = argumentsOf(call)
  if (!given) return `"${call.name}" expects its arguments as a JSON object, got ${call.arguments.slice(0, 100)}`
  const problems = checkSchema(given, tool.parameters as Schema, 'arguments')
  return problems.length > 0 ? problems.map(({ path, message }) => `${path}: ${message}`).join('; ') : undefined
}
