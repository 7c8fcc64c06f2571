import { defineNode, NodeFailure } from '#graph/define.ts'
import type { NodeContext } from '#graph/define.ts'
import { limitsOf, MODEL_CONFIG, OVER_BUDGET, toUsage, unlessOverBudget } from '../language/completion.ts'
import { toDataUrl } from '../language/media.ts'

export default defineNode({
  title: 'Image',
  about: 'Makes a picture of what it is told. The built-in model draws a sketch from the words, the same each time.',
  icon: 'image',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      model: {
        type: 'string',
        title: 'Model',
        format: 'image-model',
        default: '',
        description: 'Empty: the default model',
      },
      size: {
        type: 'string',
        title: 'Size',
        default: '',
        maxLength: 20,
        description: 'e.g. 1024x1024; empty: the model’s own',
      },
      seed: { type: 'integer', title: 'Seed', minimum: 0, maximum: 4_294_967_295 },
      budget: MODEL_CONFIG.budget,
    },
  },
  inputs: { prompt: { type: 'string', required: true, about: 'What is to be seen' } },
  outputs: {
    image: { type: 'image', about: 'The picture, a data URL' },
    mediaType: { type: 'string', about: 'e.g. `image/png`' },
    model: { type: 'string', about: 'Who made it' },
    budget: { type: 'string', about: 'Which budget is used up; empty: none' },
  },
  flow: { in: ['in'], out: ['out', OVER_BUDGET] },
  check: ({ size }) =>
    size === '' || /^[1-9]\d{1,4}x[1-9]\d{1,4}$/.test(size)
      ? []
      : [{ path: 'size', message: `expected a size such as 1024x1024, got "${size}"` }],
  run: async ({ prompt }, context) =>
    unlessOverBudget(async () => {
      const { image, mediaType, model, usage } = await drawn(prompt, context)
      return { outputs: { image, mediaType, model }, usage }
    }, context),
})

type Config = {
  readonly model: string
  readonly size: string
  readonly seed: number | undefined
  readonly budget: unknown
}

async function drawn(prompt: string, { services, signal, config, node, log, progress }: NodeContext<Config>) {
  const { model, size, seed, budget } = config
  const request = {
    model,
    prompt,
    size,
    ...(seed === undefined ? {} : { seed }),
    origin: { nodeId: node },
    limits: limitsOf(budget),
  }
  const pieces: Uint8Array[] = []
  for await (const { part } of services.completion.generateImage(request, { signal })) {
    if (part?.$case === 'data') pieces.push(part.value)
    else if (part?.$case === 'notice') {
      log('info', part.value)
      progress(0, part.value)
    } else if (part?.$case === 'finish') {
      const { mediaType, model: drawer, usage } = part.value
      return { image: toDataUrl(mediaType, pieces), mediaType, model: drawer, usage: toUsage(usage, drawer) }
    }
  }
  throw new NodeFailure('UNAVAILABLE', 'the picture broke off')
}
