// Questions to people: what the nodes that ask have in common.
import { NodeFailure } from '#graph/define.ts'
import type { Schema, Socket, Wait } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import { templateOf, variablesOf } from './templates.ts'

/** The prompt of a question. */
export const promptConfig = <const T extends string>(usual: T) =>
  ({
    type: 'string',
    title: 'Question',
    format: 'template',
    default: usual,
    description: 'Markdown, with variables as in *Template*',
  }) as const satisfies Schema

/** What any question may be set to, beside its prompt. */
export const DEADLINE_CONFIG = {
  deadlineMs: {
    type: 'integer',
    title: 'Deadline, ms',
    minimum: 0,
    maximum: 31_622_400_000,
    default: 0,
    description: '0: none; at most 366 days',
  },
  onExpire: {
    type: 'string',
    title: 'At the deadline',
    enum: ['fail', 'continue'],
    default: 'fail',
    description: '`continue`: goes on along `expired`',
  },
} as const satisfies Readonly<Record<string, Schema>>

export interface Question {
  readonly prompt: string
  readonly deadlineMs: number
  readonly onExpire: 'fail' | 'continue'
}

/** A question’s sockets beyond its answers: the variables of its prompt, and `expired` where it goes on there. Takes any config. */
export function socketsOfQuestion(config: Question): { inputs: Record<string, Socket>; flow: { out: string[] } } {
  const text = typeof config.prompt === 'string' ? config.prompt : ''
  return {
    inputs: Object.fromEntries(variablesOf(templateOf(config, text)).map(name => [name, { type: 'any' as const }])),
    flow: { out: config.onExpire === 'continue' ? ['expired'] : [] },
  }
}

/** What is wrong with the prompt of a question. */
export function problemsOfQuestion(config: Question): { path: string; message: string }[] {
  const template = templateOf(config, config.prompt)
  if ('problem' in template) return [{ path: 'prompt', message: template.problem }]
  const isTaken = template.variables.includes('in')
  return isTaken ? [{ path: 'prompt', message: '"in" is the name of the flow input: call the variable otherwise' }] : []
}

/** More than that nobody reads, and the journal keeps it. */
const MOST_CHARACTERS = 20_000

/** What a run waits for while the question is open. */
export function waitOf(
  config: Question,
  inputs: Readonly<Record<string, Json | undefined>>,
  form: Schema,
  now: number,
): Wait {
  const template = templateOf(config, config.prompt)
  if ('problem' in template) throw new NodeFailure('TEMPLATE', template.problem, { retry: false })
  const { deadlineMs } = config
  const prompt = template.render(inputs)
  if (prompt.length > MOST_CHARACTERS)
    throw new NodeFailure(
      'TOO_LONG',
      `the question has ${prompt.length} characters, expected at most ${MOST_CHARACTERS}`,
      {
        retry: false,
      },
    )
  return { prompt, form, ...(deadlineMs > 0 ? { until: Math.floor(now) + deadlineMs } : {}) }
}

/** Fails where nobody answered in time and the question does not go on without an answer. */
export function failIfExpired({ onExpire, deadlineMs }: Question): void {
  if (onExpire === 'fail') throw new NodeFailure('TIMEOUT', `nobody answered within ${deadlineMs} ms`, { retry: false })
}
