import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { conflict, invalid, notFound } from './errors.ts'
import type { Identity } from './identity.ts'
import type { Message, OpenProbe, ProbeDefinition, ProbeHandlers, ProbeSystem } from './probe.suite.ts'
import type { Call, Client } from './service.ts'

/** What a test wants a method to do; set by each test. */
type Behaviour = { -readonly [K in keyof ProbeHandlers]?: ProbeHandlers[K] }

const ALICE: Identity = { user: 'alice', service: 'edge' }

/** Every transport behaves like this. */
export function testTransport(name: string, open: OpenProbe): void {
  describe(name, () => {
    let behaviour: Behaviour = {}
    let system: ProbeSystem
    let client: Client<typeof ProbeDefinition>
    beforeAll(async () => {
      system = await open(delegate(() => behaviour))
      client = system.client(ALICE)
    })
    afterAll(async () => system[Symbol.asyncDispose]())
    const behave = (given: Behaviour) => {
      behaviour = given
    }

    testUnary(() => client, behave)
    testErrors(() => client, behave)
    testEnds(() => client, behave)
    testStreams(() => client, behave)
    testLeaving(() => client, behave)
  })
}

function delegate(current: () => Behaviour): ProbeHandlers {
  const given = <K extends keyof ProbeHandlers>(key: K): ProbeHandlers[K] => {
    const handler = current()[key]
    if (!handler) throw new Error(`the test sets no "${key}"`)
    return handler
  }
  return {
    ask: (request, call) => given('ask')(request, call),
    openly: (request, call) => given('openly')(request, call),
    count: (request, call) => given('count')(request, call),
    gather: (requests, call) => given('gather')(requests, call),
    converse: (requests, call) => given('converse')(requests, call),
  }
}

async function collect<T, R>(source: AsyncIterable<T>, pick: (item: T) => R): Promise<readonly R[]> {
  const collected: R[] = []
  for await (const item of source) collected.push(pick(item))
  return collected
}

type GetClient = () => Client<typeof ProbeDefinition>
type Behave = (behaviour: Behaviour) => void

function testUnary(client: GetClient, behave: Behave): void {
  test('a unary call answers, and what was left out has its default on both sides', async () => {
    const seen: Message[] = []
    behave({
      ask: async request => {
        seen.push(request)
        return { number: request.number + 1 }
      },
    })
    expect(await client().ask({ number: 41 })).toEqual({ text: '', number: 42, bytes: new Uint8Array() })
    expect(seen).toEqual([{ text: '', number: 41, bytes: new Uint8Array() }])
  })

  test('the handler sees who calls, and metadata by lower-case name', async () => {
    const calls: Call[] = []
    behave({
      ask: async (_request, call) => {
        calls.push(call)
        return {}
      },
    })
    await client().ask({}, { metadata: { 'X-Trace': 'abc' } })
    await client().ask({}, { caller: { user: 'bob', service: 'agent' } })
    const [first, second] = calls
    expect(first?.caller).toMatchObject({ user: 'alice', service: 'edge' })
    expect(first?.metadata.get('x-trace')).toBe('abc')
    expect(second?.caller).toMatchObject({ user: 'bob', service: 'agent' })
  })
}

function testErrors(client: GetClient, behave: Behave): void {
  test('a coded error arrives with every problem', async () => {
    const problems = [
      { path: 'nodes.a', message: 'unknown type "x"', node: 'a' },
      { path: 'wires[2]', message: 'no such socket' },
    ]
    behave({ ask: () => Promise.reject(invalid(problems)) })
    await expect(client().ask({})).rejects.toMatchObject({
      name: 'CodedError',
      code: 'INVALID_ARGUMENT',
      message: 'nodes.a: unknown type "x"; wires[2]: no such socket',
      problems,
    })
  })

  test('a conflict arrives with both versions, however large they are', async () => {
    const details = {
      mine: { text: 'ä'.repeat(100_000) },
      theirs: { revision: 7, nodes: Array.from({ length: 20_000 }, (_, index) => `node-${index}`) },
    }
    behave({ ask: () => Promise.reject(conflict('revision 7 is newer than 6', details)) })
    await expect(client().ask({})).rejects.toMatchObject({
      code: 'ABORTED',
      message: 'revision 7 is newer than 6',
      details,
    })
  })

  test('a message and a reason survive whatever they hold', async () => {
    behave({ ask: () => Promise.reject(notFound('no spell "Zauber ✨\nline"', { reason: 'SPELL' })) })
    await expect(client().ask({})).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'no spell "Zauber ✨\nline"',
      reason: 'SPELL',
    })
  })

  test('a plain error reaches the caller as internal, without its message', async () => {
    behave({ ask: () => Promise.reject(new Error('password of the database')) })
    const error = await client()
      .ask({})
      .catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'INTERNAL', message: 'internal', problems: [] })
    expect(JSON.stringify(error)).not.toContain('password')
  })

  test('a stream hands over what came before its error', async () => {
    behave({
      async *count() {
        yield { number: 1 }
        yield { number: 2 }
        throw notFound('no third')
      },
    })
    const seen: number[] = []
    const reading = (async () => {
      for await (const { number } of client().count({})) seen.push(number)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'no third' })
    expect(seen).toEqual([1, 2])
  })
}

function testEnds(client: GetClient, behave: Behave): void {
  test('cancelling a unary call rejects at once and aborts the handler', async () => {
    const entered = Promise.withResolvers<AbortSignal>()
    behave({
      ask: async (_request, { signal }) => {
        entered.resolve(signal)
        await once(signal, 'abort')
        return {}
      },
    })
    const controller = new AbortController()
    const answer = client().ask({}, { signal: controller.signal })
    const signal = await entered.promise
    controller.abort()
    await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' })
    if (!signal.aborted) await once(signal, 'abort')
    expect(signal.aborted).toBe(true)
  })

  test('a call with an aborted signal does not reach the handler', async () => {
    let calls = 0
    behave({
      ask: async () => {
        calls += 1
        return {}
      },
    })
    await expect(client().ask({}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
    await client().ask({})
    expect(calls).toBe(1)
  })

  test('a deadline rejects the call and aborts the handler', async () => {
    const ended = Promise.withResolvers<void>()
    behave({
      ask: async (_request, { signal }) => {
        if (!signal.aborted) await once(signal, 'abort')
        ended.resolve()
        return {}
      },
    })
    await expect(client().ask({}, { deadlineMs: 50 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    await ended.promise
  })

  test('a stream with a deadline ends by it', async () => {
    const ended = Promise.withResolvers<void>()
    behave({
      async *count(_request, { signal }) {
        try {
          yield { number: 1 }
          await once(signal, 'abort')
        } finally {
          ended.resolve()
        }
      },
    })
    const seen: number[] = []
    const reading = (async () => {
      for await (const { number } of client().count({}, { deadlineMs: 100 })) seen.push(number)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    await ended.promise
    expect(seen).toEqual([1])
  })
}

function testStreams(client: GetClient, behave: Behave): void {
  test('a server stream hands over every message in order', async () => {
    behave({
      async *count({ number }) {
        for (let next = 1; next <= number; next += 1) yield { number: next }
      },
    })
    const seen = await collect(client().count({ number: 1_000 }), message => message.number)
    expect(seen).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1))
  })

  test('a client stream is gathered into one answer', async () => {
    behave({
      gather: async requests => {
        const texts = await collect(requests, message => message.text)
        return { text: texts.join(' ') }
      },
    })
    async function* words() {
      yield { text: 'draw' }
      yield { text: 'a' }
      yield { text: 'spell' }
    }
    expect(await client().gather(words())).toMatchObject({ text: 'draw a spell' })
  })

  test('a conversation goes back and forth', async () => {
    behave({
      async *converse(requests) {
        for await (const { number } of requests) yield { number: number * 2 }
      },
    })
    const asked: number[] = []
    const turn: { answered: () => void } = { answered: () => {} }
    async function* questions() {
      for (const number of [1, 2, 3]) {
        const answered = new Promise<void>(resolve => (turn.answered = resolve))
        yield { number }
        await answered
      }
    }
    for await (const { number } of client().converse(questions())) {
      asked.push(number)
      turn.answered()
    }
    expect(asked).toEqual([2, 4, 6])
  })

  test('a slow reader holds a fast stream back', async () => {
    const size = 64 * 1024
    let made = 0
    behave({
      async *count() {
        const bytes = new Uint8Array(size)
        for (; made < 2_000; made += 1) yield { bytes }
      },
    })
    const iterator = client().count({})[Symbol.asyncIterator]()
    await iterator.next()
    // The maker has all the turns it wants, and must stop by itself.
    for (let turn = 0; turn < 500; turn += 1) await new Promise(resolve => setImmediate(resolve))
    expect(made).toBeLessThan(1_000)
    await iterator.return?.()
  })
}

function testLeaving(client: GetClient, behave: Behave): void {
  test('leaving a stream ends its generator and aborts its signal', async () => {
    const ended = Promise.withResolvers<boolean>()
    behave({
      async *count(_request, { signal }) {
        try {
          for (let number = 1; ; number += 1) {
            yield { number }
            await new Promise(resolve => setImmediate(resolve))
          }
        } finally {
          ended.resolve(signal.aborted)
        }
      },
    })
    for await (const { number } of client().count({})) if (number === 3) break
    expect(await ended.promise).toBe(true)
  })

  test('cancelling a stream that waits rejects the reader and ends the handler', async () => {
    const ended = Promise.withResolvers<void>()
    behave({
      async *count(_request, { signal }) {
        yield { number: 1 }
        if (!signal.aborted) await once(signal, 'abort')
        ended.resolve()
      },
    })
    const controller = new AbortController()
    const iterator = client().count({}, { signal: controller.signal })[Symbol.asyncIterator]()
    expect(await iterator.next()).toMatchObject({ value: { number: 1 } })
    const waiting = iterator.next()
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
    await ended.promise
  })

  test('when the handler of a conversation ends, the caller’s stream is ended too', async () => {
    const left = Promise.withResolvers<void>()
    behave({
      async *converse(requests) {
        for await (const { number } of requests) {
          yield { number }
          return
        }
      },
    })
    async function* questions() {
      try {
        yield { number: 1 }
        yield { number: 2 }
        yield { number: 3 }
      } finally {
        left.resolve()
      }
    }
    const seen = await collect(client().converse(questions()), message => message.number)
    expect(seen).toEqual([1])
    await left.promise
  })

  test('leaving a conversation ends the handler’s stream of requests with an error', async () => {
    const ended = Promise.withResolvers<unknown>()
    behave({
      async *converse(requests) {
        try {
          for await (const { number } of requests) yield { number }
        } catch (error) {
          ended.resolve(error)
          throw error
        }
      },
    })
    const never = new Promise<void>(() => {})
    async function* questions() {
      yield { number: 1 }
      await never
    }
    const iterator = client().converse(questions())[Symbol.asyncIterator]()
    await iterator.next()
    const waiting = iterator.next()
    await iterator.return?.()
    expect(await waiting).toMatchObject({ done: true })
    expect(await ended.promise).toMatchObject({ code: 'CANCELLED' })
  })
}
