// Everything that speaks OpenAI's chat API: OpenAI itself, Ollama, vLLM, LM Studio, OpenRouter and others, by base URL.
import OpenAI, { APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai'
import {
  cancelled,
  CodedError,
  deadline,
  denied,
  exhausted,
  invalid,
  notFound,
  precondition,
  unavailable,
} from '#mesh/errors.ts'
import type { ProviderDefinition, ProviderPart, ProviderRequest } from '../provider.ts'

const RETRIES = 2

export default {
  name: 'openai',
  open({ OPENAI_BASE_URL: baseURL, OPENAI_API_KEY: apiKey, COMPLETION_TIMEOUT_MS: timeout }) {
    if (baseURL === '' && apiKey === '') return undefined
    // The client waits as `Retry-After` says, else with back-off, and reads no variables of its own.
    const client = new OpenAI({
      apiKey: apiKey || 'none',
      baseURL: baseURL || 'https://api.openai.com/v1',
      timeout,
      maxRetries: RETRIES,
      organization: null,
      project: null,
      logLevel: 'off',
    })
    return {
      async models(signal) {
        try {
          const { data } = await client.models.list({ signal })
          return data.map(({ id, owned_by }) => ({ name: id, about: owned_by ? `from ${owned_by}` : '' }))
        } catch (error) {
          throw toCoded(error, '')
        }
      },
      complete: (request, signal) => complete(client, request, signal, timeout),
    }
  },
} satisfies ProviderDefinition

async function* complete(
  client: OpenAI,
  request: ProviderRequest,
  caller: AbortSignal,
  idleMs: number,
): AsyncGenerator<ProviderPart> {
  // A connection that falls silent in the middle is not a slow model: each piece has the same time.
  const idle = new AbortController()
  let timer = setTimeout(() => idle.abort(), idleMs)
  const signal = AbortSignal.any([caller, idle.signal])
  let reason: 'stop' | 'length' | 'filtered' | undefined
  let usage = { inputTokens: 0, outputTokens: 0 }
  try {
    const stream = await client.chat.completions.create(toBody(request), {
      signal,
      headers: request.idempotencyKey ? { 'idempotency-key': request.idempotencyKey } : {},
    })
    for await (const chunk of stream) {
      clearTimeout(timer)
      timer = setTimeout(() => idle.abort(), idleMs)
      const [choice] = chunk.choices ?? []
      if (choice?.delta?.content) yield { text: choice.delta.content }
      if (choice?.finish_reason) reason = toReason(choice.finish_reason)
      if (chunk.usage)
        usage = { inputTokens: chunk.usage.prompt_tokens ?? 0, outputTokens: chunk.usage.completion_tokens ?? 0 }
    }
  } catch (error) {
    if (caller.aborted) throw cancelled()
    if (idle.signal.aborted) throw deadline(`the model's provider was silent for ${idleMs} ms`)
    throw toCoded(error, request.model)
  } finally {
    clearTimeout(timer)
  }
  if (caller.aborted) throw cancelled()
  if (idle.signal.aborted) throw deadline(`the model's provider was silent for ${idleMs} ms`)
  if (!reason) throw unavailable('the answer of the model broke off before its end')
  yield { reason, ...usage }
}

function toBody({ model, messages, temperature, maxTokens, stop, seed }: ProviderRequest) {
  return {
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    stream: true as const,
    stream_options: { include_usage: true },
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(stop.length === 0 ? {} : { stop: [...stop] }),
    ...(seed === undefined ? {} : { seed }),
  }
}

function toReason(reason: string): 'stop' | 'length' | 'filtered' {
  return reason === 'length' ? 'length' : reason === 'content_filter' ? 'filtered' : 'stop'
}

/** The provider's words, under the code that says what to do about it. */
function toCoded(error: unknown, model: string): CodedError {
  if (error instanceof CodedError) return error
  if (error instanceof APIUserAbortError) return cancelled()
  if (error instanceof APIConnectionTimeoutError) return deadline("the model's provider did not answer in time")
  if (!(error instanceof APIError))
    return unavailable(
      `the model's provider cannot be understood: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  const said = error.message.replace(/^\d{3} /, '')
  switch (error.status) {
    case 400:
    case 422:
      return invalid(`the model's provider refuses the request: ${said}`)
    case 401:
      return precondition(`the model's provider refuses the key in OPENAI_API_KEY: ${said}`)
    case 403:
      return denied(`the model's provider does not allow this: ${said}`)
    case 404:
      return notFound(`the model's provider does not know "${model}": ${said}`)
    case 429:
      return exhausted(`the model's provider is at its limit: ${said}`)
    default:
      return unavailable(
        error.status === undefined
          ? `the model's provider cannot be reached: ${said}`
          : `the model's provider failed (${error.status}): ${said}`,
        { cause: error },
      )
  }
}
