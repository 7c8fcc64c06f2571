import type { ReactNode } from 'react'
import { useMemo } from 'react'
import type { Json, JsonObject } from '#graph/json.ts'
import { differencesOf, textOf } from './differences.ts'
import type { Difference } from './differences.ts'

/** Values of two runs, name by name: what is the same once, what differs with what was taken out and put in. */
export function Differences({
  a,
  b,
  none,
}: {
  readonly a: JsonObject
  readonly b: JsonObject
  readonly none: string
}): ReactNode {
  const all = useMemo(() => differencesOf(a, b), [a, b])
  if (all.length === 0) return <p className="compare__none">{none}</p>
  return (
    <dl className="differences">
      {all.map(one => (
        <div key={one.name} data-same={one.isSame}>
          <dt>{one.name}</dt>
          {one.isSame ? <dd className="differences__same">{shorten(one.a)}</dd> : <Sides difference={one} />}
        </div>
      ))}
    </dl>
  )
}

function Sides({ difference }: { readonly difference: Difference }): ReactNode {
  const { a, b, changes } = difference
  const side = (value: Json | undefined, kind: 'removed' | 'added') => {
    if (value === undefined) return <i>not there</i>
    const pieces = changes.filter(change => change.kind === 'same' || change.kind === kind)
    if (pieces.length === 0) return shorten(value)
    return pieces.map(({ kind: what, lines }, index) => {
      const text = lines.join('')
      if (what === 'removed') return <del key={index}>{text}</del>
      if (what === 'added') return <ins key={index}>{text}</ins>
      return <span key={index}>{text}</span>
    })
  }
  return (
    <dd className="differences__sides">
      <div>{side(a, 'removed')}</div>
      <div>{side(b, 'added')}</div>
    </dd>
  )
}

const MOST = 4000

function shorten(value: Json | undefined): string {
  if (value === undefined) return ''
  const text = textOf(value)
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text
}
