import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { LabelValues, Metric } from 'prom-client'

/** Prometheus metrics of this process, prefixed `spellmesh_`. Labels are bounded. The same name gives the same metric. */
export interface Metrics {
  counter(
    name: string,
    help: string,
    labels?: readonly string[],
  ): { add(value?: number, labels?: Record<string, string>): void }
  gauge(
    name: string,
    help: string,
    labels?: readonly string[],
  ): {
    set(value: number, labels?: Record<string, string>): void
    add(value: number, labels?: Record<string, string>): void
  }
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly string[],
  ): { observe(value: number, labels?: Record<string, string>): void }
  /** One whose value is looked up only when somebody asks for the metrics. Of one name there is one. */
  read(
    kind: 'counter' | 'gauge',
    name: string,
    help: string,
    read: () => number | readonly Sample[],
    labels?: readonly string[],
  ): void
  /** The text of `/metrics`. */
  text(): Promise<string>
}

export interface Sample {
  readonly value: number
  readonly labels: Readonly<Record<string, string>>
}

/** Opens an empty registry; with `ofProcess` it also tells of memory, CPU and the event loop. */
export function createMetrics({ ofProcess = false } = {}): Metrics {
  const registry = new Registry()
  // Its usual precision of 10 ms wakes an idle process a hundred times a second.
  if (ofProcess) collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 200 })
  const known = new Map<string, Metric>()
  const once = <M extends Metric>(
    kind: new (...parameters: never[]) => M,
    name: string,
    create: (full: string) => M,
  ): M => {
    const found = known.get(name)
    if (found instanceof kind) return found
    if (found) throw new Error(`the metric "${name}" is already of another kind`)
    const created = create(`spellmesh_${name}`)
    known.set(name, created)
    return created
  }
  const base = (help: string, labels: readonly string[]) => ({ help, labelNames: [...labels], registers: [registry] })
  return {
    counter(name, help, labels = []) {
      const counter = once(Counter, name, full => new Counter({ name: full, ...base(help, labels) }))
      return { add: (value = 1, given = {}) => counter.inc(given as LabelValues<string>, value) }
    },
    gauge(name, help, labels = []) {
      const gauge = once(Gauge, name, full => new Gauge({ name: full, ...base(help, labels) }))
      return {
        set: (value, given = {}) => gauge.set(given, value),
        add: (value, given = {}) => gauge.inc(given, value),
      }
    },
    histogram(name, help, buckets, labels = []) {
      const histogram = once(
        Histogram,
        name,
        full => new Histogram({ name: full, ...base(help, labels), buckets: [...buckets] }),
      )
      return { observe: (value, given = {}) => histogram.observe(given, value) }
    },
    read(kind, name, help, read, labels = []) {
      if (known.has(name)) throw new Error(`the metric "${name}" is there already`)
      const full = { name: `spellmesh_${name}`, ...base(help, labels) }
      known.set(name, createReader(kind, full, read))
    },
    text: () => registry.metrics(),
  }
}

function createReader(
  kind: 'counter' | 'gauge',
  options: { name: string; help: string; labelNames: string[]; registers: Registry[] },
  read: () => number | readonly Sample[],
): Metric {
  const samples = (): readonly Sample[] => {
    const value = read()
    return typeof value === 'number' ? [{ value, labels: {} }] : value
  }
  if (kind === 'gauge')
    return new Gauge({
      ...options,
      collect() {
        this.reset()
        for (const { labels, value } of samples()) this.set(labels, value)
      },
    })
  return new Counter({
    ...options,
    collect() {
      this.reset()
      for (const { labels, value } of samples()) this.inc(labels, value)
    },
  })
}
