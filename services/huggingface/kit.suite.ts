import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import type { DeepPartial, RunRequest } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import type { ClientCallOptions } from '#mesh/service.ts'
import type { TestSystem } from '#mesh/testing.ts'

export interface Run extends Omit<DeepPartial<RunRequest>, 'inputs' | 'parameters'> {
  readonly inputs?: unknown
  readonly parameters?: unknown
}

/** What a run gave: pieces put together, JSON read. */
export interface Heard {
  text?: string
  pieces?: number
  reasoning?: string
  result?: unknown
  data?: Buffer
  progress?: { text: string; fraction?: number | undefined }[]
  finish?: object
}

const bytesOf = (value: unknown): Uint8Array => (value === undefined ? Buffer.of() : Buffer.from(JSON.stringify(value)))

/** The parts of a run of Ada's. */
export function partsOf(system: TestSystem, { inputs, parameters, ...rest }: Run, options?: ClientCallOptions) {
  const request = { ...rest, inputs: bytesOf(inputs), parameters: bytesOf(parameters) }
  return system.as('ada').client(HuggingfaceServiceDefinition).run(request, options)
}

export async function run(system: TestSystem, request: Run, options?: ClientCallOptions): Promise<Heard> {
  const heard: Heard = {}
  for await (const { part } of partsOf(system, request, options)) {
    if (heard.finish) throw new Error('a part after the finish')
    if (part?.$case === 'text') {
      heard.text = (heard.text ?? '') + part.value
      heard.pieces = (heard.pieces ?? 0) + 1
    } else if (part?.$case === 'reasoning') heard.reasoning = (heard.reasoning ?? '') + part.value
    else if (part?.$case === 'result') heard.result = JSON.parse(Buffer.from(part.value).toString())
    else if (part?.$case === 'data') heard.data = Buffer.concat([heard.data ?? Buffer.of(), part.value])
    else if (part?.$case === 'progress') (heard.progress ??= []).push(part.value)
    else if (part?.$case === 'finish') {
      const { model, mediaType, inputTokens, outputTokens, reason } = part.value
      heard.finish = {
        model,
        ...(mediaType && { mediaType }),
        ...(inputTokens && { inputTokens }),
        ...(outputTokens && { outputTokens }),
        ...(reason && { reason }),
      }
    }
  }
  if (!heard.finish) throw new Error('there was no finish')
  return heard
}
