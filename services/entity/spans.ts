import type { JsonObject } from './state.ts'

/** A time during which one relation held. */
export interface Span {
  /** It held from here … */
  readonly since: number
  /** … until before this; undefined: it goes on. */
  readonly until: number | undefined
  /** Since when it is told to be. */
  readonly began: number
  /** What was said about it, since when; the earliest first. */
  readonly attributes: readonly { readonly at: number; readonly value: JsonObject }[]
}

const MOST_SAID = 100

/** Whether it holds at a time. */
export function holdsAt({ since, until }: Pick<Span, 'since' | 'until'>, at: number): boolean {
  return since <= at && (until === undefined || at < until)
}

/** The times of a relation that also holds from `at` on, until the next time that it is known to have ended. Where it held already, only `attributes` are said anew. */
export function link(
  spans: readonly Span[],
  { at, attributes }: { at: number; attributes?: JsonObject | undefined },
): readonly Span[] {
  const said = attributes === undefined ? [] : [{ at, value: attributes }]
  const holding = spans.find(span => holdsAt(span, at))
  if (holding) return spans.map(span => (span === holding ? { ...span, attributes: say(span.attributes, said) } : span))
  // What ended at this very time did not end.
  const before = spans.find(({ until }) => until === at)
  const next = spans.filter(({ since }) => since > at).toSorted((a, b) => a.since - b.since)[0]
  const joined: Span = {
    since: before?.since ?? at,
    until: next?.until,
    began: Math.min(at, before?.began ?? at, next?.began ?? at),
    attributes: say(say(before?.attributes ?? [], said), next?.attributes ?? []),
  }
  return [...spans.filter(span => span !== before && span !== next), joined]
}

/** The times of a relation that ended at `at`, where it held then. */
export function unlink(spans: readonly Span[], at: number): readonly Span[] {
  return spans
    .map(span => (holdsAt(span, at) ? { ...span, until: at } : span))
    .filter(({ since, until }) => since !== until)
}

/** What was said about it at a time. */
export function saidAt({ attributes }: Pick<Span, 'attributes'>, at: number): JsonObject {
  return attributes.findLast(said => said.at <= at)?.value ?? {}
}

function say(before: Span['attributes'], said: Span['attributes']): Span['attributes'] {
  return [...before, ...said].toSorted((a, b) => a.at - b.at).slice(-MOST_SAID)
}
