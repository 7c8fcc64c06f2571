import type { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import type { Charge } from '#mesh/charge.ts'
import { deadline, unavailable } from '#mesh/errors.ts'
import type { Call, Client } from '#mesh/service.ts'
import type { Json } from '../state.ts'

/** What a model read in a text. */
export interface Read {
  readonly kind: string
  readonly name: string
  readonly about: string
  readonly facts: readonly { readonly key: string; readonly value: string }[]
}
interface Answer {
  readonly read: readonly Read[]
  readonly model: string
  /** What a person should know. */
  readonly notices: readonly string[]
}

const ANSWER_MS = 180_000
const MOST_READ = 50

export interface Asking {
  readonly completion: Pick<Client<typeof CompletionServiceDefinition>, 'complete'>
  readonly call: Pick<Call, 'caller' | 'metadata' | 'signal'>
  /** Empty: the instance's default. */
  readonly model: string
  readonly kinds: readonly string[]
  readonly charge: Charge
}

/** Has a model read a text. `place`: which of several texts of one call. Throws as `completion.Complete` does. */
export async function ask(
  text: string,
  place: number,
  { completion, call, model, kinds, charge }: Asking,
): Promise<Answer> {
  const late = AbortSignal.timeout(ANSWER_MS)
  const signal = AbortSignal.any([call.signal, late])
  const request = {
    model,
    temperature: 0,
    messages: [
      { role: 'system', content: RULES },
      { role: 'user', content: text },
    ],
    responseSchema: Buffer.from(JSON.stringify(schemaOf(kinds))),
    ...charge,
  }
  const notices: string[] = []
  let said = ''
  try {
    const options = { caller: { ...call.caller, service: 'entity' }, signal, metadata: passedOn(call.metadata, place) }
    for await (const { part } of completion.complete(request, options)) {
      if (part?.$case === 'text') said += part.value
      else if (part?.$case === 'restart') said = ''
      else if (part?.$case === 'notice') notices.push(part.value)
      else if (part?.$case === 'finish') {
        const { reason, budget, model: answered } = part.value
        if (reason === 'stop') return { read: readAnswer(said), model: answered, notices }
        return { read: [], model: answered, notices: [...notices, `"${answered}" ${explain(reason, budget)}`] }
      }
    }
  } catch (error) {
    if (late.aborted && !call.signal.aborted)
      throw deadline(`the model has not answered within ${ANSWER_MS / 1_000} s`, { cause: error })
    throw error
  }
  throw unavailable('the answer of the model broke off before its end')
}

/** What opens the user's keys, and what makes that the same question is paid once. */
function passedOn(metadata: Call['metadata'], place: number): Readonly<Record<string, string>> {
  const [capability, key] = [metadata.get('capability'), metadata.get('idempotency-key')]
  return {
    ...(capability === undefined ? {} : { capability }),
    ...(key === undefined || key.length > 190 ? {} : { 'idempotency-key': `${key}:${place}` }),
  }
}

function explain(reason: string, budget: string): string {
  if (reason === 'budget') return `was cut off, since a budget is used up: ${budget}`
  return reason === 'length' ? 'was cut off: its answer became too long' : `gave no answer: ${reason}`
}

const RULES = `Name everybody and everything of these kinds that the text speaks of, as JSON that fits the schema. Each is named once, by the fullest name that the text has for it. "about" is one sentence of what the text says of it. Facts are what the text tells, e.g. {"key": "city", "value": "Oslo"}. Take nothing from elsewhere and add nothing; what the text does not say is empty.`

function schemaOf(kinds: readonly string[]): Json {
  const text = { type: 'string' }
  const object = (properties: Readonly<Record<string, Json>>): Json => ({
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  })
  const entity = object({
    name: text,
    kind: { type: 'string', enum: kinds },
    about: text,
    facts: { type: 'array', items: object({ key: text, value: text }), maxItems: 20 },
  })
  return object({ entities: { type: 'array', items: entity, maxItems: MOST_READ } })
}

/** The answer fits the schema: completion has checked it. */
function readAnswer(text: string): readonly Read[] {
  const { entities } = JSON.parse(text) as { entities: readonly Read[] }
  return entities
}
