/** Prometheus metrics of this process, prefixed `spellmesh_`. Labels are bounded. The same name gives the same metric. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): { add(value?: number, labels?: Record<string, string>): void }
  gauge(name: string, help: string, labels?: readonly string[]): { set(value: number, labels?: Record<string, string>): void; add(value: number, labels?: Record<string, string>): void }
  histogram(name: string, help: string, buckets: readonly number[], labels?: readonly string[]): { observe(value: number, labels?: Record<string, string>): void }
  /** The text of `/metrics`. */
  text(): Promise<string>
}
