import { describe, expect, test } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '#mesh/log.ts'
import { createMetrics } from '#mesh/telemetry.ts'
import type { Metrics } from '#mesh/telemetry.ts'
import { embedded } from '#mesh/testing.ts'
import { inSpan, NO_TRACER } from '#mesh/trace.ts'
import type { Tracer } from '#mesh/trace.ts'
import { openTracer } from '#mesh/trace-otlp.ts'
import { startCollector } from './collector.ts'
import { freePort, startProgram } from './processes.ts'

const TRACE = 'a'.repeat(32)
const SAMPLED = `00-${TRACE}-${'b'.repeat(16)}-01`
const NOT_SAMPLED = `00-${TRACE}-${'b'.repeat(16)}-00`

/** A tracer, and what it logs and measures. */
function traced(endpoint: string, more: { ratio?: number; headers?: string } = {}) {
  const lines: string[] = []
  const metrics = createMetrics()
  const log = createLog('info', { write: line => void lines.push(line) })
  const tracer = openTracer({
    ...{ endpoint, headers: '', service: 'test', instance: 'i1', ratio: 1, log, metrics },
    ...more,
  })
  return { tracer, metrics, lines }
}

const valueOf = async (metrics: Metrics, line: string) =>
  Number(
    (await metrics.text())
      .split('\n')
      .find(one => one.startsWith(`${line} `))
      ?.slice(line.length),
  )

describe('spans', () => {
  test('are nested by who does what, also later, and by what is told', async () => {
    await using collector = await startCollector()
    const { tracer } = traced(collector.url)
    await inSpan(tracer, 'outer', { parent: SAMPLED }, async () => {
      await new Promise(resolve => setImmediate(resolve))
      tracer.start('inner').end()
      tracer.within(undefined, () => tracer.start('apart').end())
      tracer.start('linked', { parent: null, links: [SAMPLED, 'nothing'] }).end()
    })
    await tracer[Symbol.asyncDispose]()
    const [outer, inner, apart, linked] = ['outer', 'inner', 'apart', 'linked'].map(name =>
      collector.spans.find(one => one.name === name),
    )
    expect(outer).toMatchObject({ traceId: TRACE, parentSpanId: 'b'.repeat(16), service: 'test' })
    expect(inner).toMatchObject({ traceId: TRACE, parentSpanId: outer?.spanId })
    expect(apart).toMatchObject({ parentSpanId: '' })
    expect(linked).toMatchObject({ parentSpanId: '', links: [{ traceId: TRACE, spanId: 'b'.repeat(16) }] })
  })

  test('are kept where the caller keeps them, and of new traces as many as was said', async () => {
    await using collector = await startCollector()
    const { tracer } = traced(collector.url, { ratio: 0 })
    for (const parent of [null, NOT_SAMPLED, SAMPLED, 'nonsense', `ff-${TRACE}-${'b'.repeat(16)}-01`])
      tracer.start(String(parent), { parent }).end()
    const left = tracer.start('left out', { parent: NOT_SAMPLED })
    expect(left.isRecorded).toBe(false)
    expect(left.traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`))
    await tracer[Symbol.asyncDispose]()
    expect(collector.spans.map(({ name }) => name)).toEqual([SAMPLED])
  })

  test('go with the headers that the collector wants', async () => {
    await using collector = await startCollector()
    const { tracer } = traced(collector.url, { headers: 'x-key=a%20b, x-other=c=d' })
    tracer.start('one').end()
    await tracer[Symbol.asyncDispose]()
    expect(collector.headers).toMatchObject([{ 'x-key': 'a b', 'x-other': 'c=d' }])
  })

  test('are named in log lines', async () => {
    await using collector = await startCollector()
    const { tracer } = traced(collector.url)
    const lines: string[] = []
    const log = createLog('info', { write: line => void lines.push(line), fields: () => tracer.ids() })
    const span = tracer.start('one', { parent: SAMPLED })
    tracer.within(span, () => log.child({ service: 'x' }).info({}, 'inside'))
    log.info({}, 'outside')
    await tracer[Symbol.asyncDispose]()
    expect(lines.map(line => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({
        msg: 'inside',
        service: 'x',
        trace_id: TRACE,
        span_id: span.traceparent.split('-')[2],
      }),
      expect.not.objectContaining({ trace_id: TRACE }),
    ])
  })
})

describe('a collector that is away', () => {
  test('costs the spans and one warning, and nothing grows', async () => {
    const { tracer, metrics, lines } = traced(`http://127.0.0.1:${await freePort()}`)
    for (let round = 0; round < 30; round++) {
      for (let index = 0; index < 1_000; index++) tracer.start('one').end()
      await new Promise(resolve => setImmediate(resolve))
    }
    await tracer[Symbol.asyncDispose]()
    // Of 30,000 no more than one queue was ever kept.
    const lost = await valueOf(metrics, 'spellmesh_trace_spans_total{result="lost"}')
    expect(lost).toBeLessThanOrEqual(10_000)
    expect(lines.filter(line => line.includes('traces cannot be sent')).length).toBeLessThanOrEqual(1)
  })

  test('does not keep a system from its work', async () => {
    await using system = await embedded({
      services: ['user'],
      settings: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}` },
    })
    expect(await system.host.readiness()).toEqual({ database: true, bus: true, accepting: true })
  })
})

/** Ends a program that loads OpenTelemetry, beside the types and constants that prom-client wants, or large libraries that one process by itself needs for some calls only, or never. */
const REFUSING = `--import=data:text/javascript,${encodeURIComponent(
  `import { registerHooks } from 'node:module'
   registerHooks({ resolve(name, context, next) {
     if (/^(@opentelemetry[/](?!api$)|@grpc[/]|nice-grpc$|@nats-io[/]|pg$|ws$|undici$|openai$|@huggingface[/]|weaviate-client$|unpdf$|mammoth$)/.test(name))
       throw new Error('loads ' + name)
     return next(name, context)
   } })`,
)}`

describe('where nothing is traced', () => {
  const settings = { PORT: '0', DATA_DIR: '', NODE_OPTIONS: REFUSING }

  test('no part of OpenTelemetry’s SDK is loaded, nor what nobody asked for', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spellmesh-untraced-'))
    try {
      const own = { ...settings, DATA_DIR: folder }
      const program = await startProgram([], own)
      expect(await program.stop()).toBe(0)
      await expect(startProgram([], { ...own, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' })).rejects.toThrow(
        'loads @opentelemetry/',
      )
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('a tracer does nothing', async () => {
    const none: Tracer = NO_TRACER
    const span = none.start('one', { parent: SAMPLED })
    expect(none.within(span, () => none.current())).toBeUndefined()
    expect(none.ids()).toBeUndefined()
    expect(await inSpan(none, 'two', {}, async () => 5)).toBe(5)
  })
})

describe('the port for metrics', () => {
  test('tells of metrics, life and readiness of a process that serves nobody else', async () => {
    const port = await freePort()
    await using system = await embedded({
      services: ['completion'],
      settings: { METRICS_PORT: String(port), METRICS_HOST: '127.0.0.1' },
    })
    const get = async (path: string, method = 'GET') => {
      const reply = await fetch(`http://127.0.0.1:${port}${path}`, { method })
      return { status: reply.status, type: reply.headers.get('content-type'), text: await reply.text() }
    }
    expect(await get('/livez')).toMatchObject({ status: 200, text: 'ok\n' })
    expect(await get('/readyz?verbose')).toMatchObject({
      status: 200,
      text: '{"database":true,"bus":true,"accepting":true}',
    })
    expect(await get('/metrics')).toMatchObject({
      status: 200,
      type: expect.stringMatching(/^text\/plain; version=0\.0\.4/) as unknown,
      text: expect.stringContaining('spellmesh_bus_connected 1') as unknown,
    })
    expect(await get('/')).toMatchObject({ status: 404 })
    expect(await get('/metrics', 'POST')).toMatchObject({ status: 405 })
    await system.stop()
    await expect(get('/livez')).rejects.toThrow('fetch failed')
  })

  test('settings that are not right are refused, all of them', async () => {
    await expect(
      embedded({
        declared: [],
        settings: {
          METRICS_PORT: '70000',
          OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318',
          OTEL_TRACES_SAMPLER_ARG: '1.5',
        },
      }),
    ).rejects.toMatchObject({
      problems: [
        { path: 'METRICS_PORT' },
        { path: 'OTEL_EXPORTER_OTLP_ENDPOINT' },
        { path: 'OTEL_TRACES_SAMPLER_ARG', message: '"1.5" is not a number from 0 to 1' },
      ],
    })
  })
})

test('a metric that is read when asked for forgets what is gone', async () => {
  const metrics = createMetrics()
  let samples = [{ value: 2, labels: { kind: 'a' } }]
  metrics.read('counter', 'things_total', 'Things.', () => samples, ['kind'])
  metrics.read('gauge', 'level', 'Level.', () => 7)
  expect(await valueOf(metrics, 'spellmesh_things_total{kind="a"}')).toBe(2)
  samples = [{ value: 3, labels: { kind: 'b' } }]
  expect(await metrics.text()).not.toContain('kind="a"')
  expect(await valueOf(metrics, 'spellmesh_level')).toBe(7)
  expect(() => metrics.read('gauge', 'level', 'Level.', () => 7)).toThrow('the metric "level" is there already')
})
