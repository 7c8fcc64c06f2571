// A request as each vendor takes it.
import type { ChatCompletionCreateParamsStreaming, ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { invalid } from '#mesh/errors.ts'
import type { ProviderMessage, ProviderRequest } from '../provider.ts'
import type { Quirks } from './presets.ts'

type Body = ChatCompletionCreateParamsStreaming

/** Models that OpenAI calls reasoning: they take no temperature, no penalties and only the new field for the most tokens. */
const REASONING = /^(?:o\d|gpt-5(?!.*chat))/

export function toBody(request: ProviderRequest, quirks: Quirks, vendor: string): Body {
  const without = new Set<string>(quirks.without)
  const { model, stop, seed, logitBias, reasoningEffort } = request
  return {
    model,
    messages: toMessages(request, quirks, vendor),
    stream: true,
    ...(without.has('stream_options') ? {} : { stream_options: { include_usage: true } }),
    ...sampling(request, quirks),
    ...(stop.length === 0 ? {} : { stop: [...stop] }),
    ...(seed === undefined || without.has('seed') ? {} : { seed }),
    ...(logitBias === undefined || without.has('logit_bias') ? {} : { logit_bias: { ...logitBias } }),
    ...(reasoningEffort === undefined || without.has('reasoning_effort') ? {} : { reasoning_effort: reasoningEffort }),
    ...toolsOf(request, quirks),
    ...formatOf(request, quirks),
  }
}

function sampling(request: ProviderRequest, quirks: Quirks): Partial<Body> {
  const { model, temperature, topP, maxTokens, frequencyPenalty, presencePenalty } = request
  const without = new Set<string>(quirks.without)
  const reasons = without.has('temperature_of_reasoning') && REASONING.test(model)
  const field = reasons ? 'max_completion_tokens' : (quirks.maxTokens ?? 'max_tokens')
  const most = maxTokens === undefined ? {} : { [field]: maxTokens }
  if (reasons) return most
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...most,
    ...(frequencyPenalty === undefined || without.has('penalties') ? {} : { frequency_penalty: frequencyPenalty }),
    ...(presencePenalty === undefined || without.has('penalties') ? {} : { presence_penalty: presencePenalty }),
  }
}

function toolsOf({ tools = [], toolChoice, parallelToolCalls }: ProviderRequest, quirks: Quirks): Partial<Body> {
  if (tools.length === 0) return {}
  const isParallel = parallelToolCalls !== undefined && !quirks.without?.includes('parallel_tool_calls')
  const choice =
    typeof toolChoice === 'object'
      ? ({ type: 'function', function: { name: toolChoice.name } } as const)
      : toolChoice === 'none' || quirks.toolChoice === undefined
        ? toolChoice
        : 'auto'
  return {
    tools: tools.map(({ name, description, parameters }) => ({
      type: 'function',
      function: { name, ...(description === '' ? {} : { description }), parameters },
    })),
    ...(choice === undefined ? {} : { tool_choice: typeof choice === 'object' && quirks.toolChoice ? 'auto' : choice }),
    ...(isParallel ? { parallel_tool_calls: parallelToolCalls } : {}),
  }
}

/** How a shape is asked for: as the vendor takes it, and in words of a model that is known to take none. */
function shapeOf({ abilities }: ProviderRequest, { schema }: Quirks): NonNullable<Quirks['schema']> {
  return schema ?? (abilities?.includes('schema') === false ? 'words' : 'json_schema')
}

function formatOf(request: ProviderRequest, quirks: Quirks): Partial<Body> {
  const { responseSchema } = request
  const schema = shapeOf(request, quirks)
  if (!responseSchema || schema === 'words') return {}
  if (schema === 'json_object') return { response_format: { type: 'json_object' } }
  return { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: responseSchema } } }
}

function toMessages(request: ProviderRequest, quirks: Quirks, vendor: string): ChatCompletionMessageParam[] {
  const messages = request.messages.map((message, index) => toMessage(message, index, quirks, vendor))
  if (!request.responseSchema || shapeOf(request, quirks) === 'json_schema') return messages
  const content = `Answer with JSON only, without any other words, that fits this JSON Schema: ${JSON.stringify(request.responseSchema)}`
  const firstOther = messages.findIndex(({ role }) => role !== 'system')
  return messages.toSpliced(firstOther < 0 ? messages.length : firstOther, 0, { role: 'system', content })
}

function toMessage(
  { role, content, images = [], toolCalls = [], toolCallId = '' }: ProviderMessage,
  index: number,
  quirks: Quirks,
  vendor: string,
): ChatCompletionMessageParam {
  switch (role) {
    case 'system':
      return { role, content }
    case 'assistant':
      if (toolCalls.length === 0) return { role, content }
      return {
        role,
        content: content === '' ? null : content,
        tool_calls: toolCalls.map(({ id, name, arguments: given }) => ({
          id,
          type: 'function',
          function: { name, arguments: given },
        })),
      }
    case 'tool':
      return { role, content, tool_call_id: toolCallId }
    case 'user':
      if (images.length === 0) return { role, content }
      images.forEach((url, at) => {
        if (quirks.images !== 'data' || url.startsWith('data:')) return
        const path = `messages[${index}].images[${at}].url`
        throw invalid([{ path, message: `${vendor} does not fetch images: expected a data URL` }])
      })
      return {
        role,
        content: [
          ...(content === '' ? [] : [{ type: 'text' as const, text: content }]),
          ...images.map(url => ({ type: 'image_url' as const, image_url: { url } })),
        ],
      }
  }
}
