// What the dashboard and the alerts ask for is what a running mesh tells.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { talking } from '#nodes/examples.suite.ts'
import { connect, somebody } from './modes.suite.ts'
import { freePort, missingPrograms, startGround, startProgram } from './processes.ts'

const read = (path: string) => readFileSync(new URL(`../deploy/${path}`, import.meta.url), 'utf8')

interface Panel {
  readonly type: string
  readonly id: number
  readonly title: string
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number }
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[]
}
const dashboard = JSON.parse(read('grafana/spellmesh.json')) as {
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string }[] }
}
interface Alert {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string }
}
const { groups } = parse(read('prometheus/alerts.yaml')) as { groups: readonly { rules: readonly Alert[] }[] }
const alerts = groups.flatMap(({ rules }) => rules)
const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))

const NAME = /\b(?:spellmesh|nodejs|process)_[a-z0-9_]+/g
/** Labels that Prometheus itself adds, or histograms have. */
const GIVEN = new Set(['job', 'instance', 'le'])

/** Metrics and labels of an expression. */
function partsOf(expr: string) {
  const lists = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(','))
  const matched = [...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, pairs = '']) =>
    [...pairs.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, name = '']) => name),
  )
  return {
    metrics: expr.match(NAME) ?? [],
    labels: [...lists, ...matched].map(one => one.trim()).filter(one => one !== '' && !GIVEN.has(one)),
  }
}

describe('the files', () => {
  test('are well-formed: panels in rows that do not overlap, with their own ids', () => {
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39)
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'job'])
    const ids = dashboard.panels.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(dashboard.panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([])
    expect(dashboard.panels.filter(({ type, targets = [] }) => (type === 'row') !== (targets.length === 0))).toEqual([])
  })

  test('have expressions whose brackets close', () => {
    const exprs = [...queries, ...alerts.map(({ expr }) => expr)]
    expect(exprs.length).toBeGreaterThan(50)
    for (const expr of exprs)
      for (const pair of ['()', '{}', '[]'])
        expect([expr, expr.split(pair[0] ?? '').length]).toEqual([expr, expr.split(pair[1] ?? '').length])
  })

  test('alerts say how bad it is and what it is', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length)
    for (const { alert, labels, annotations } of alerts)
      expect([alert, labels.severity, annotations.summary]).toEqual([
        expect.stringMatching(/^Spellmesh[A-Z]/),
        expect.stringMatching(/^(?:critical|warning)$/),
        expect.stringMatching(/\S/),
      ])
  })
})

/** The metrics of a mesh that did something of each kind: name → labels that its samples have. */
async function metricsOf(urls: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map<string, Set<string>>()
  for (const url of urls) {
    const text = await (await fetch(`${url}/metrics`)).text()
    for (const line of text.split('\n')) {
      const type = /^# TYPE (\w+) (\w+)/.exec(line)
      if (type) {
        const [, name = '', kind] = type
        const parts =
          kind === 'histogram' ? ['_bucket', '_sum', '_count'] : kind === 'summary' ? ['_sum', '_count'] : ['']
        for (const part of parts) if (!found.has(`${name}${part}`)) found.set(`${name}${part}`, new Set())
      }
      const [, name = '', labels = ''] = /^(\w+)\{(.*)\} /.exec(line) ?? []
      for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) found.get(name)?.add(label)
    }
  }
  return found
}

function expectAll(exprs: readonly string[], known: ReadonlyMap<string, ReadonlySet<string>>): void {
  const problems = exprs.flatMap(expr => {
    const { metrics, labels } = partsOf(expr)
    const missing = metrics.filter(name => !known.has(name)).map(name => `${expr}: no metric ${name}`)
    const has = (label: string) => metrics.some(name => known.get(name)?.has(label) || known.get(name)?.size === 0)
    return [...missing, ...labels.filter(label => !has(label)).map(label => `${expr}: no label ${label}`)]
  })
  expect(problems).toEqual([])
}

/** Starts a run in a session and lets somebody be refused. */
async function useIt(url: string): Promise<void> {
  const { token, rest } = await somebody(url)
  const { id } = await rest.createSpell(talking)
  const client = connect(url, token)
  await client.openSpell(id)
  const run = await client.startRun(id)
  await run.completed
  client.close()
  await expect(rest.getSpell('nobody')).rejects.toMatchObject({ status: 404 })
}

const USUAL = { REGISTRATION: 'open', LOCAL_MODEL_DELAY_MS: '0', HOST: '127.0.0.1', METRICS_HOST: '127.0.0.1' }

describe('one process by itself', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spellmesh-dashboard-'))
  })
  afterAll(async () => rm(folder, { recursive: true, force: true }))

  /** Only processes that call each other, or use NATS or PostgreSQL, tell of these. */
  const APART = /spellmesh_(?:nats_events_total|database_connections|rpc_client_calls_total)/

  test('tells all that needs neither NATS nor PostgreSQL nor other processes', async () => {
    const port = await freePort()
    const program = await startProgram([], { ...USUAL, PORT: String(port), DATA_DIR: folder })
    try {
      const url = `http://127.0.0.1:${port}`
      await useIt(url)
      const exprs = [...queries, ...alerts.map(({ expr }) => expr)]
      expectAll(
        exprs.filter(expr => !APART.test(expr)),
        await metricsOf([url]),
      )
    } finally {
      await program.stop()
    }
  })
})

const missing = missingPrograms()
const having = missing.length === 0 ? test : test.skip
having(
  `processes on NATS and PostgreSQL tell all${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  async () => {
    await using ground = await startGround()
    const [port, completion, metrics] = [await freePort(), await freePort(), await freePort()]
    const settings = { ...USUAL, ...ground.settings }
    const programs = [
      await startProgram(['completion'], {
        ...settings,
        GRPC_PORT: String(completion),
        METRICS_PORT: String(metrics),
      }),
      await startProgram(['user', 'spell-runner', 'edge'], {
        ...settings,
        PORT: String(port),
        GRPC_PORT: String(await freePort()),
        COMPLETION_ADDRESS: `127.0.0.1:${completion}`,
      }),
    ]
    try {
      const url = `http://127.0.0.1:${port}`
      await useIt(url)
      const exprs = [...queries, ...alerts.map(({ expr }) => expr)]
      expectAll(exprs, await metricsOf([url, `http://127.0.0.1:${metrics}`]))
    } finally {
      for (const program of programs.toReversed()) await program.stop()
    }
  },
)
