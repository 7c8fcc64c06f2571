import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { embedded } from '#mesh/testing.ts'
import { delayed, spellOf, talking } from '#nodes/examples.suite.ts'
import { chainOf, startCollector } from './collector.ts'
import type { CollectedSpan, Collector } from './collector.ts'
import { somebody } from './modes.suite.ts'
import type { RunningSystem } from './modes.suite.ts'
import { missingPrograms, startGround, startMesh } from './processes.ts'
import type { Mesh } from './processes.ts'

const START_RUN = 'spellmesh.spell_runner.v1.SpellRunnerService/StartRun'
const COMPLETE = 'spellmesh.completion.v1.CompletionService/Complete'
const newTrace = () => {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` }
}

/** Asks a model that is not there. */
const failing = spellOf(
  {
    start: { type: 'flow/start' },
    ask: { type: 'ai/complete', config: { model: 'nobody/secret-words' }, values: { prompt: 'other secret-words' } },
  },
  [['start.out', 'ask.in']],
)

const inTrace = (traceId: string, name: string) => (spans: readonly CollectedSpan[]) =>
  spans.find(one => one.traceId === traceId && one.name === name)

/** The names from a span up. */
function pathOf(spans: readonly CollectedSpan[], last: CollectedSpan): readonly string[] {
  return chainOf(spans, last).map(({ name }) => name)
}

type StartTraced = (collector: Collector) => Promise<RunningSystem>

function testTraces(start: StartTraced, apart: boolean): void {
  let collector: Collector
  let system: RunningSystem
  beforeAll(async () => {
    collector = await startCollector()
    system = await start(collector)
  }, 120_000)
  afterAll(async () => {
    await system?.[Symbol.asyncDispose]()
    await collector?.[Symbol.asyncDispose]()
  }, 60_000)

  /** A call between services is seen from both sides where it goes over gRPC. */
  const call = (name: string) => (apart ? [name, name] : [name])

  test('over REST, the call of a language model is part of the caller’s trace', async () => {
    const { token, rest } = await somebody(system.url)
    const { id } = await rest.createSpell(talking)
    const { traceId, spanId, traceparent } = newTrace()
    const reply = await fetch(`${system.url}/v1/spells/${id}/runs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', traceparent },
      body: '{}',
    })
    expect(reply.status).toBe(200)
    const { run } = (await reply.json()) as { run: { id: string } }
    const first = await collector.until('request', inTrace(traceId, 'POST /v1/spells/{spell_id}/runs'))
    const node = await collector.until('node', inTrace(traceId, 'node ai/complete'))
    const asked = await collector.until('call', spans =>
      spans.find(one => one.traceId === traceId && one.name === COMPLETE && /completion|^spellmesh$/.test(one.service)),
    )
    await collector.until('run', inTrace(traceId, 'run'))
    expect(pathOf(collector.spans, asked)).toEqual([
      ...call(COMPLETE),
      'node ai/complete',
      'run',
      ...call(START_RUN),
      'POST /v1/spells/{spell_id}/runs',
    ])
    expect(first).toMatchObject({
      parentSpanId: spanId,
      attributes: { 'http.request.method': 'POST', 'http.route': '/v1/spells/{spell_id}/runs' },
    })
    expect(node.attributes).toMatchObject({
      'spellmesh.node.type': 'ai/complete',
      'gen_ai.response.model': 'local/demo',
    })
    expect(await collector.until('run', inTrace(traceId, 'run'))).toMatchObject({
      attributes: { 'spellmesh.run.id': run.id, 'spellmesh.run.status': 'completed', 'spellmesh.spell.id': id },
      failed: false,
    })
  })

  test('over a session, the delivery of what a run did is part of the command’s trace', async () => {
    const { token, rest } = await somebody(system.url)
    const { id } = await rest.createSpell(talking)
    const { traceId, spanId, traceparent } = newTrace()
    const socket = new WebSocket(`${system.url.replace('http', 'ws')}/v1/session`, 'spellmesh.v1')
    await once(socket, 'open')
    const ended = new Promise<void>(resolve =>
      socket.on('message', text => {
        if (String(text as Buffer).includes('"kind":"run.completed"')) resolve()
      }),
    )
    const send = (message: object) => socket.send(JSON.stringify({ jsonrpc: '2.0', ...message }))
    const client = { name: 'test', version: '1' }
    send({ id: 1, method: 'session.connect', params: { token, client, open: [id] } })
    await once(socket, 'message')
    send({ id: 2, method: 'run.start', params: { spell: id }, traceparent })
    await ended
    socket.close()
    const asked = await collector.until('call', spans =>
      spans.find(one => one.traceId === traceId && one.name === COMPLETE && /completion|^spellmesh$/.test(one.service)),
    )
    await collector.until('run', inTrace(traceId, 'run'))
    const delivered = await collector.until('delivery', inTrace(traceId, 'deliver ev.v1'))
    const above = ['run', 'session start', 'run.start']
    expect(pathOf(collector.spans, asked)).toEqual([...call(COMPLETE), 'node ai/complete', ...above])
    expect(pathOf(collector.spans, delivered)).toEqual(['deliver ev.v1', 'send ev.v1', ...above])
    expect(chainOf(collector.spans, delivered).at(-1)?.parentSpanId).toBe(spanId)
    const services = ['spellmesh-edge', ...Array<string>(3).fill('spellmesh-spell-runner'), 'spellmesh-edge']
    expect(chainOf(collector.spans, delivered).map(({ service }) => service)).toEqual(
      apart ? services : services.map(() => 'spellmesh'),
    )
    expect(await collector.until('commit', inTrace(traceId, 'commit'))).toMatchObject({
      attributes: { 'db.system.name': 'postgresql' },
    })
  })

  test('what fails says so, and no payload is told', async () => {
    const { token, rest } = await somebody(system.url)
    const { id } = await rest.createSpell(failing)
    const { traceId, traceparent } = newTrace()
    await fetch(`${system.url}/v1/spells/${id}/runs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', traceparent },
      body: '{}',
    })
    const run = await collector.until('run', inTrace(traceId, 'run'))
    expect(run).toMatchObject({ failed: true, attributes: { 'spellmesh.run.status': 'failed' } })
    const node = await collector.until('node', inTrace(traceId, 'node ai/complete'))
    expect(node).toMatchObject({ failed: true, attributes: { 'error.type': 'NOT_FOUND' } })
    const asked = await collector.until('call', inTrace(traceId, COMPLETE))
    expect(asked).toMatchObject({ failed: true, attributes: { 'error.type': 'NOT_FOUND' } })
    expect(JSON.stringify(collector.spans)).not.toContain('secret-words')
  })

  test('a traceparent that is none is left alone', async () => {
    const { token } = await somebody(system.url)
    const reply = await fetch(`${system.url}/v1/spells`, {
      headers: { authorization: `Bearer ${token}`, traceparent: `00-${'0'.repeat(32)}-1-01` },
    })
    expect(reply.status).toBe(200)
    const span = await collector.until('request', spans => spans.find(one => one.name === 'GET /v1/spells'))
    expect(span).toMatchObject({ parentSpanId: '' })
  })
}

describe('embedded', () => {
  testTraces(
    ({ url }) =>
      embedded({
        settings: { REGISTRATION: 'open', LOCAL_MODEL_DELAY_MS: '1', OTEL_EXPORTER_OTLP_ENDPOINT: url },
      }),
    false,
  )
})

const missing = missingPrograms()
;(missing.length === 0 ? describe : describe.skip)(
  `as separate processes over gRPC, NATS and PostgreSQL${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  () => {
    let mesh: Mesh
    let collector: Collector
    testTraces(async given => {
      collector = given
      const ground = await startGround()
      mesh = await startMesh(ground, { OTEL_EXPORTER_OTLP_ENDPOINT: `${given.url}/`, RUN_LEASE_MS: '2000' })
      return {
        url: mesh.url,
        async [Symbol.asyncDispose]() {
          await mesh[Symbol.asyncDispose]()
          await ground[Symbol.asyncDispose]()
        },
      }
    }, true)

    test('a run that another runner takes up stays in its trace', async () => {
      const { token, rest } = await somebody(mesh.url)
      const { id } = await rest.createSpell(delayed(3_000))
      const { traceId, traceparent } = newTrace()
      const reply = await fetch(`${mesh.url}/v1/spells/${id}/runs`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          prefer: 'respond-async',
          traceparent,
        },
        body: '{}',
      })
      const { run } = (await reply.json()) as { run: { id: string } }
      const [runner] = mesh.programs.runners
      await runner?.stop('SIGKILL')
      await mesh.startRunner({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
      const ended = await collector.until('second run', spans =>
        spans.find(
          ({ attributes }) => attributes['spellmesh.run.id'] === run.id && attributes['spellmesh.run.attempt'] === 2,
        ),
      )
      // Its parent was in the memory of the runner that was killed.
      expect(ended).toMatchObject({
        traceId,
        links: [{ traceId, spanId: ended.parentSpanId }],
        attributes: { 'spellmesh.run.status': 'completed' },
      })
    })
  },
)
