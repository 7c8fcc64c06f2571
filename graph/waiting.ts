import type { Activation, Answer, Waits } from './activation.ts'
import type { Wait } from './define.ts'
import { NodeFailure } from './define.ts'
import type { Json } from './json.ts'
import { isObject } from './json.ts'
import type { Limits } from './limits.ts'
import { RunRefusal } from './refusal.ts'
import { checkSchema, show, withDefaults } from './schema.ts'

/** What a node says it waits for, as the journal tells it. Refuses what is not that. */
export function readWait(wait: Wait): Waits {
  const { prompt, form, until } = wait
  if (until !== undefined && !Number.isFinite(until)) throw refused(`a time of ${show(until)}`)
  if (prompt !== undefined && typeof prompt !== 'string') throw refused(`a prompt of ${show(prompt)}`)
  if (form === undefined && until === undefined) throw refused('neither an answer nor a time')
  return {
    reason: form === undefined ? 'time' : 'question',
    ...(prompt === undefined ? {} : { prompt }),
    ...(form === undefined ? {} : { form }),
    ...(until === undefined ? {} : { until }),
  }
}

function refused(what: string): NodeFailure {
  return new NodeFailure('BAD_OUTPUT', `it waits for ${what}`, { retry: false })
}

const CHOICES: Readonly<Record<Waits['reason'], readonly Answer['choice'][]>> = {
  interrupted: ['retry', 'use', 'fail'],
  question: ['answer'],
  time: [],
}

/** An answer made to fit what is waited for, and the node's outputs. Throws {@link RunRefusal} with every problem. */
export function readAnswer(
  activation: Activation | undefined,
  id: string,
  answer: Answer,
  { outputBytes }: Pick<Limits, 'outputBytes'>,
): Answer {
  const waits = activation?.waits
  if (!waits) throw new RunRefusal('NOT_WAITING', [{ path: 'activation', message: `"${id}" does not wait` }])
  const choices = waits.until === undefined ? CHOICES[waits.reason] : [...CHOICES[waits.reason], 'expired' as const]
  if (!choices.includes(answer.choice))
    throw invalid('choice', `expected ${choices.join(', ')}; got ${show(answer.choice)}`)
  if (answer.choice === 'use') {
    if (answer.outputs !== undefined && !isObject(answer.outputs)) throw invalid('outputs', 'expected an object')
    mustNotBeLarger('outputs', answer.outputs ?? {}, outputBytes)
    return { choice: 'use', outputs: answer.outputs ?? {} }
  }
  if (answer.choice !== 'answer' || !waits.form) return { choice: answer.choice }
  const given: Json = answer.value ?? null
  const value = isObject(given) ? withDefaults(given, waits.form) : given
  const problems = checkSchema(value, waits.form, 'value')
  if (problems.length > 0) throw new RunRefusal('INVALID', problems)
  // A node may give it field by field and as a whole.
  mustNotBeLarger('value', value, Math.min(outputBytes / 4, MOST_ANSWERED))
  return { choice: 'answer', value }
}

/** What people write, in characters of its JSON. */
const MOST_ANSWERED = 262_144

/** Nobody should lose a run by a long answer. */
function mustNotBeLarger(path: string, value: Json, most: number): void {
  const { length } = JSON.stringify(value)
  if (length > most) throw invalid(path, `expected at most ${most} characters of JSON; got ${length}`)
}

function invalid(path: string, message: string): RunRefusal {
  return new RunRefusal('INVALID', [{ path, message }])
}
