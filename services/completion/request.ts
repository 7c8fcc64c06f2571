import type { CompleteRequest } from '#gen/spellmesh/completion/v1/completion.ts'
import { invalid } from '#mesh/errors.ts'
import type { Problem } from '#mesh/errors.ts'
import type { ProviderRequest } from './provider.ts'

const ROLES = ['system', 'user', 'assistant'] as const
const MOST_CHARACTERS = 2_000_000

/** Checks a request. Throws INVALID_ARGUMENT with every bad field. */
export function readRequest({
  messages,
  temperature,
  maxTokens,
  stop,
  seed,
}: CompleteRequest): Omit<ProviderRequest, 'model' | 'idempotencyKey'> {
  const problems: Problem[] = []
  const refuse = (path: string, message: string) => void problems.push({ path, message })
  if (messages.length === 0) refuse('messages', 'expected at least one')
  const read = messages.flatMap(({ role, content }, index) => {
    const known = ROLES.find(one => one === role)
    if (!known) refuse(`messages[${index}].role`, `"${role}" is none of ${ROLES.join(', ')}`)
    return known ? [{ role: known, content }] : []
  })
  const size = messages.reduce((sum, { content }) => sum + content.length, 0)
  if (size > MOST_CHARACTERS) refuse('messages', `take ${size} characters; at most ${MOST_CHARACTERS}`)
  if (temperature !== undefined && !(temperature >= 0 && temperature <= 2))
    refuse('temperature', `${temperature} is not from 0 to 2`)
  if (maxTokens === 0) refuse('maxTokens', 'expected at least 1')
  if (stop.length > 4) refuse('stop', `${stop.length} texts; at most 4`)
  stop.forEach((one, index) => one === '' && refuse(`stop[${index}]`, 'must not be empty'))
  if (problems.length > 0) throw invalid(problems)
  return {
    messages: read,
    stop,
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(seed === undefined ? {} : { seed }),
  }
}

const MOST_KEY_CHARACTERS = 200

/** The idempotency key: of the call's metadata, else of the request; empty: there is none. Throws INVALID_ARGUMENT with what is wrong with it. */
export function readKey({ idempotencyKey }: CompleteRequest, given: string | undefined): string {
  const key = given ?? idempotencyKey
  const problem =
    key.length > MOST_KEY_CHARACTERS
      ? `is ${key.length} characters long; at most ${MOST_KEY_CHARACTERS}`
      : /[^\x20-\x7e]/.test(key)
        ? 'expected printable ASCII characters'
        : given !== undefined && idempotencyKey !== '' && given !== idempotencyKey
          ? `"${idempotencyKey}" is not "${given}", which the metadata says`
          : undefined
  if (problem !== undefined) throw invalid([{ path: 'idempotencyKey', message: problem }])
  return key
}
