import { createInterface } from 'node:readline'
import type { Schema } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { RunRefusal } from '#graph/refusal.ts'
import type { Run, WaitingFor } from '#graph/run.ts'

/** What somebody at the shell says to a run, by node or by source. */
export interface Said {
  /** What answers questions: texts, by node; several of one node in order. */
  readonly answers: readonly (readonly [node: string, text: string])[]
  /** What is sent to sources, by name. */
  readonly messages: readonly (readonly [name: string, text: string])[]
}

/** Where more is read from when what was said is used up. */
export interface Lines {
  /** The next line; undefined: no more. `question` is shown where somebody types. */
  next(question: string): Promise<string | undefined>
  /** Whether somebody types. */
  readonly isTyped: boolean
  close(): void
}

/** Standard input, line by line; what is shown goes to standard error. */
export function readLines(input: NodeJS.ReadStream, tell: (text: string) => void): Lines {
  let lines: AsyncIterator<string> | undefined
  let reader: ReturnType<typeof createInterface> | undefined
  return {
    isTyped: input.isTTY,
    async next(question) {
      if (input.isTTY) tell(question)
      reader ??= createInterface({ input })
      lines ??= reader[Symbol.asyncIterator]()
      const { done, value } = await lines.next()
      return done ? undefined : value
    },
    close() {
      reader?.close()
      input.unref?.()
    },
  }
}

/** Looks after a run that waits for people or listens for messages: says what was said for it, then reads more, then ends it. */
export class Attendant {
  readonly #answers: (readonly [node: string, text: string])[]
  readonly #messages: (readonly [name: string, text: string])[]
  readonly #lines: Lines
  readonly #tell: (text: string) => void
  #busy = false
  /** Why it was ended here, where it was not simply all that was to be said. */
  problem: string | undefined
  /** Whether the run was ended because nothing more was to be said to it. */
  isDone = false

  constructor({ answers, messages }: Said, lines: Lines, tell: (text: string) => void) {
    this.#answers = [...answers]
    this.#messages = [...messages]
    this.#lines = lines
    this.#tell = tell
  }

  /** To be called whenever something has happened. */
  look(run: Run): void {
    if (this.#busy) return
    this.#busy = true
    setImmediate(() => {
      this.#attend(run)
        .catch((error: unknown) => this.#refuse(run, error))
        .finally(() => {
          this.#busy = false
        })
    })
  }

  async #attend(run: Run): Promise<void> {
    while (run.standing === 'waiting' || run.standing === 'listening') {
      const question = run.waits.find(({ form }) => form !== undefined)
      if (question) await this.#answer(run, question)
      else if (run.standing === 'listening') await this.#send(run)
      // What waits for its time needs nobody.
      else return
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  async #answer(run: Run, { activation, node, prompt = '', form = {} }: WaitingFor): Promise<void> {
    const index = this.#answers.findIndex(([name]) => name === node)
    if (index >= 0) {
      const [said] = this.#answers.splice(index, 1)
      return run.answer(activation, { choice: 'answer', value: fitted(readValue(said?.[1] ?? ''), form) })
    }
    if (!this.#lines.isTyped) {
      this.problem = `"${node}" asks${prompt === '' ? '' : `: ${prompt}`}\nanswer it with --answer ${node}=${exampleOf(form)}`
      return run.cancel(`nobody answered "${node}"`)
    }
    this.#tell(`${node}: ${prompt}\n`)
    const value: Record<string, Json> = {}
    for (const [name, field] of Object.entries(form.properties ?? {})) {
      const text = await this.#lines.next(`  ${field.title ?? name}${describe(field)}: `)
      if (text === undefined) return run.cancel('the input ended')
      if (text !== '') value[name] = field.type === 'string' ? text : readValue(text)
    }
    try {
      run.answer(activation, { choice: 'answer', value })
    } catch (error) {
      if (!(error instanceof RunRefusal)) throw error
      this.#tell(`${error.message}\n`)
    }
  }

  async #send(run: Run): Promise<void> {
    const [first] = this.#messages
    if (first) {
      this.#messages.shift()
      return run.send(first[0], readMessage(first[1]))
    }
    const line = await this.#lines.next('> ')
    if (line === undefined) {
      this.isDone = true
      return run.cancel('there is nothing more to say to it')
    }
    const [, name, text] = /^\/(\S+)\s+(.*)$/.exec(line) ?? [undefined, 'chat', line]
    try {
      run.send(name, readMessage(text))
    } catch (error) {
      if (!(error instanceof RunRefusal)) throw error
      this.#tell(`${error.message}\n`)
    }
  }

  #refuse(run: Run, error: unknown): void {
    if (!(error instanceof RunRefusal)) throw error
    this.problem = error.message
    run.cancel(error.message)
  }
}

function readValue(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

/** A message is what is written, unless it is an object or a list of JSON. */
function readMessage(text: string): Json {
  const value = readValue(text)
  return typeof value === 'object' && value !== null ? value : text
}

/** An answer to a form of one field may be given without its name. */
function fitted(value: Json, { properties = {} }: Schema): Json {
  const [only, ...others] = Object.keys(properties)
  return only !== undefined && others.length === 0 && !isObject(value) ? { [only]: value } : value
}

function describe({ enum: options, type, default: usual }: Schema): string {
  const what = options ? options.map(String).join(', ') : type === 'string' || type === undefined ? '' : type
  const text = [what, usual === undefined ? '' : `else ${JSON.stringify(usual)}`].filter(part => part !== '').join('; ')
  return text === '' ? '' : ` (${text})`
}

function exampleOf({ properties = {} }: Schema): string {
  return `'{${Object.entries(properties)
    .map(([name, { type = 'value' }]) => `"${name}": <${type}>`)
    .join(', ')}}'`
}
