import { defineNode, NodeFailure } from '#graph/define.ts'
import type { JsonObject } from '#graph/json.ts'
import type { NodeContext } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import { HUGGINGFACE_TASKS, socketsOfTask, taskOf } from '../language/huggingface-tasks.ts'
import type { TaskAnswer } from '../language/huggingface-tasks.ts'
import { toDataUrl } from '../language/media.ts'
import '../services.ts'

const NAMES = Object.keys(HUGGINGFACE_TASKS) as (keyof typeof HUGGINGFACE_TASKS)[]

export default defineNode({
  title: 'Hugging Face',
  about:
    'Asks a model of Hugging Face: text, pictures, speech, labels, vectors. The task says what goes in and what comes out. `local/demo` is built in and works offline.',
  icon: 'box',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      task: { type: 'string', title: 'Task', enum: NAMES, default: 'text-classification' },
      model: {
        type: 'string',
        title: 'Model',
        maxLength: 250,
        default: '',
        description: '`owner/name`, as on huggingface.co, or `local/demo`; empty: the task’s usual one',
      },
      provider: {
        type: 'string',
        title: 'Provider',
        maxLength: 40,
        default: '',
        description: 'Who serves it, e.g. `together`; empty: whoever does',
      },
      endpoint: {
        type: 'string',
        title: 'Endpoint',
        maxLength: 2000,
        default: '',
        description: 'The URL of a dedicated endpoint, or of a server of your own',
      },
      parameters: {
        type: 'object',
        title: 'Parameters',
        default: {},
        description: 'Further ones of the task, e.g. `{"top_k": 3}`',
      },
    },
  },
  outputs: { model: { type: 'string', about: 'Who answered' } },
  flow: { in: ['in'], out: ['out'] },
  derive({ task }) {
    const { inputs, outputs } = socketsOfTask(task) ?? {}
    return { ...(inputs ? { inputs } : {}), ...(outputs ? { outputs } : {}) }
  },
  check: ({ endpoint, provider, model }) => [
    ...(endpoint === '' || /^https?:\/\//.test(endpoint)
      ? []
      : [{ path: 'endpoint', message: `"${endpoint}" is not a URL with http or https` }]),
    ...(endpoint === '' || provider === ''
      ? []
      : [{ path: 'provider', message: 'expected a provider or an endpoint, not both' }]),
    ...(model === '' || /^[\w.-]+(\/[\w.-]+)?(:[a-z0-9-]+)?$/.test(model)
      ? []
      : [{ path: 'model', message: `"${model}" is not a model’s name: expected "owner/name"` }]),
  ],
  async run(values, context) {
    const { task, parameters } = context.config
    const { toAsk, toOutputs } = taskOf(task)
    const asked = toAsk(values)
    const { answer, reasoning, model, usage } = await ask(
      { ...asked, parameters: { ...parameters, ...asked.parameters } },
      context,
    )
    const outputs = toOutputs(answer)
    return {
      outputs: { ...outputs, ...(task === 'chat-completion' ? { reasoning } : {}), model },
      usage: { ...usage, model },
    }
  },
})

interface Config {
  readonly task: string
  readonly model: string
  readonly provider: string
  readonly endpoint: string
}
interface Asked {
  readonly inputs?: Json
  readonly parameters: JsonObject
  readonly media?: { readonly bytes: Uint8Array; readonly mediaType: string }
}

async function ask(
  { inputs, parameters, media }: Asked,
  { config, services, signal, token, progress, idempotencyKey }: NodeContext<Config>,
) {
  const { task, model, provider, endpoint } = config
  const request = {
    task,
    model,
    provider,
    endpoint,
    inputs: inputs === undefined ? new Uint8Array() : toBytes(inputs),
    parameters: toBytes(parameters),
    ...(media ? { data: media.bytes, mediaType: media.mediaType } : {}),
  }
  const pieces: Uint8Array[] = []
  let [text, reasoning, done] = ['', '', 0]
  let result: Json | undefined
  const options = { signal, metadata: { 'idempotency-key': idempotencyKey } }
  for await (const { part } of services.huggingface.run(request, options)) {
    if (part?.$case === 'text') {
      text += part.value
      token(part.value)
    } else if (part?.$case === 'progress') {
      done = part.value.fraction ?? done
      progress(done, part.value.text)
    } else if (part?.$case === 'reasoning') reasoning += part.value
    else if (part?.$case === 'data') pieces.push(part.value)
    else if (part?.$case === 'result') result = JSON.parse(new TextDecoder().decode(part.value)) as Json
    else if (part?.$case === 'finish') {
      const { model: answered, mediaType, inputTokens, outputTokens } = part.value
      const answer: TaskAnswer = { text, result, media: pieces.length > 0 ? toDataUrl(mediaType, pieces) : '' }
      const usage = inputTokens + outputTokens > 0 ? { inputTokens, outputTokens } : {}
      return { answer, reasoning, model: answered, usage }
    }
  }
  throw new NodeFailure('UNAVAILABLE', 'the model’s answer broke off')
}

const toBytes = (value: Json): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
