/** One message of the bus. The payload must not be changed. */
export interface BusMessage {
  readonly subject: string
  readonly payload: Uint8Array
  /** What its publisher said about it, e.g. `traceparent`; mostly nothing. */
  readonly headers?: BusHeaders
}
export type BusHeaders = Readonly<Record<string, string>>

/** Publish and subscribe over dotted subjects, as NATS has them: `*` is one token, `>` the rest. At most once, in order per publisher. */
export interface Bus extends AsyncDisposable {
  /** Hands the message over; never throws, never waits. A lost connection loses it: what must last is in the database. */
  publish(subject: string, payload: Uint8Array, headers?: BusHeaders): void
  /** Calls back for every message from now on, in order. The callback must not throw. */
  subscribe(pattern: string, callback: (message: BusMessage) => void): Subscription
  /** Resolves when every subscription made before is known to the server: what is published from now on arrives. */
  settled(): Promise<void>
  /** Calls back after each time messages may have been lost: a reconnect. */
  onGap(callback: () => void): void
  /** Whether it is connected now. */
  isReady(): boolean
}

/** Ends with `unsubscribe`; no callback comes after it. */
export interface Subscription {
  unsubscribe(): void
}

/** Whether a text can be a part of a subject. */
export function isToken(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text)
}

/** Joins checked tokens into a subject. Throws for a token that is not `^[A-Za-z0-9_-]{1,64}$`. */
export function subject(prefix: string, ...tokens: readonly string[]): string {
  for (const token of tokens) if (!isToken(token)) throw new Error(`not a subject token: "${token}"`)
  return [prefix, ...tokens].join('.')
}
