// How the built-in model shows tools: it calls those whose words are in the question, and then says what they answered.
import type { ProviderMessage, ProviderRequest, ProviderTool, ToolCall } from '../provider.ts'
import { fillSchema } from './local-schema.ts'

/** The tools that it calls; none where it has called them already, or none fits. */
export function callTools({
  messages,
  tools = [],
  toolChoice = 'auto',
  parallelToolCalls,
}: ProviderRequest): readonly ToolCall[] {
  const at = messages.findLastIndex(({ role }) => role === 'user')
  const isAnswered = messages.slice(at + 1).some(({ role }) => role === 'tool')
  if (toolChoice === 'none' || tools.length === 0 || isAnswered) return []
  const question = messages[at]?.content ?? ''
  const chosen = choose(question, tools, toolChoice, parallelToolCalls ?? true)
  return chosen.map(({ name, parameters }, index) => ({
    id: `demo_${index + 1}`,
    name,
    arguments: JSON.stringify(fillSchema(parameters, question)),
  }))
}

function choose(
  question: string,
  tools: readonly ProviderTool[],
  choice: 'auto' | 'required' | { readonly name: string },
  isParallel: boolean,
): readonly ProviderTool[] {
  if (typeof choice === 'object') return tools.filter(({ name }) => name === choice.name)
  const asked = new Set(wordsOf(question))
  const rated = tools
    .map(tool => {
      const named = wordsOf(tool.name).filter(word => asked.has(word)).length
      const described = new Set(wordsOf(tool.description).filter(word => asked.has(word))).size
      return { tool, named, score: named * 3 + described }
    })
    .filter(({ score }) => score > 0)
    .toSorted((one, other) => other.score - one.score)
  const [best, ...others] = rated
  if (!best) return choice === 'required' ? tools.slice(0, 1) : []
  return [best, ...(isParallel ? others.filter(({ named }) => named > 0) : [])].map(({ tool }) => tool)
}

/** What the tools that were called last have answered. */
export function sayResults(messages: readonly ProviderMessage[]): string {
  const from = messages.findLastIndex(({ role }) => role === 'assistant')
  const calls = messages[from]?.toolCalls ?? []
  const told = messages
    .slice(from + 1)
    .filter(({ role }) => role === 'tool')
    .map(({ toolCallId, content }) => `${calls.find(({ id }) => id === toolCallId)?.name ?? 'a tool'} says ${content}`)
  return `${told.join(', and ')}. That is all the built-in demo model knows about it.`
}

const SMALL = new Set(
  'a an and are as at be by do for from get give how in is it its me my of on or the this to what with you'.split(' '),
)

/** The weightier words, without their endings. */
function wordsOf(text: string): readonly string[] {
  const parts =
    text
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  return parts.filter(word => word.length > 1 && !SMALL.has(word)).map(word => word.replace(/(?:ing|ed|es|s)$/, ''))
}
