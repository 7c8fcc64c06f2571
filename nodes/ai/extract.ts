import { defineNode, NodeFailure } from '#graph/define.ts'
import { isObject } from '#graph/json.ts'
import { END_OUTPUTS, MODEL_CONFIG, OVER_BUDGET, toResult, valueOf, wholeAnswer } from '../language/completion.ts'
import { OWN_SCHEMA, readSchema, socketsOfProperties } from '../language/json-schema.ts'
import { readImages } from '../language/messages.ts'

const USUAL = `{
  "type": "object",
  "properties": {
    "name": { "type": "string", "description": "who it is about" },
    "place": { "type": "string", "description": "where it happens" }
  },
  "required": ["name", "place"],
  "additionalProperties": false
}`
const TAKEN = ['value', 'failure', ...Object.keys(END_OUTPUTS)]

export default defineNode({
  title: 'Extract',
  about:
    'Takes out of a text what a JSON Schema asks for. The answer fits the schema, or the node fails; each of its properties is an output.',
  icon: 'file-json',
  kind: 'action',
  effect: 'idempotent',
  keyed: true,
  config: {
    type: 'object',
    properties: {
      model: MODEL_CONFIG.model,
      instructions: {
        type: 'string',
        title: 'Instructions',
        format: 'multiline',
        default: '',
        description: 'More on what is wanted',
      },
      schema: { ...OWN_SCHEMA, default: USUAL, description: 'What is wanted; descriptions in it help the model' },
      fallbacks: MODEL_CONFIG.fallbacks,
      budget: MODEL_CONFIG.budget,
    },
  },
  inputs: {
    text: { type: 'string', required: true, about: 'What it is taken out of' },
    schema: { type: 'object', about: 'In place of the one in the settings' },
    images: { type: 'any', about: 'Pictures that belong to it: a list of data URLs, or one' },
  },
  outputs: { value: { type: 'any', about: 'What was found, as the schema says' }, ...END_OUTPUTS },
  flow: { in: ['in'], out: ['out', OVER_BUDGET] },
  derive: ({ schema }) => ({
    outputs: typeof schema === 'string' ? socketsOfProperties(readSchema(schema).schema, TAKEN) : {},
  }),
  check: ({ schema }) => readSchema(schema).problems,
  async run({ text, schema: wired, images }, context) {
    const { schema: written, instructions } = context.config
    const schema = wired ?? readSchema(written).schema
    const seen = readImages(images, 'images')
    const answer = await wholeAnswer(
      {
        schema,
        temperature: 0,
        messages: [
          { role: 'system', content: [RULES, instructions].filter(one => one !== '').join('\n\n') },
          { role: 'user', content: text, ...(seen.length === 0 ? {} : { images: seen }) },
        ],
      },
      context,
    )
    if (answer.reason === 'budget') return toResult(answer, {})
    const value = valueOf(answer)
    const own = Object.keys(socketsOfProperties(readSchema(written).schema, TAKEN))
    if (own.length > 0 && !isObject(value)) throw new NodeFailure('BAD_ANSWER', 'expected an object from the model')
    const properties = own.map(name => [name, (isObject(value) ? value[name] : undefined) ?? null] as const)
    return toResult(answer, { ...Object.fromEntries(properties), value })
  },
})

const RULES =
  'Extract what the text says, as JSON that fits the schema. Take nothing from elsewhere and add nothing. What the text does not say is null, empty or left out, as the schema allows.'
