import type { ReactNode } from 'react'
import type { Json } from '#graph/json.ts'
import type { ChangeRecord, EntityRecord } from '../knowledge/records.ts'
import { textInWords } from '../media/media.ts'
import { changeInWords, fieldsOf } from './changes.ts'

/** Every change of an entity, newest first; each leads to what was known then. */
export function History({
  entity,
  changes,
  asOf,
  onChoose,
}: {
  readonly entity: EntityRecord
  readonly changes: readonly ChangeRecord[]
  readonly asOf: number
  onChoose(asOf: number): void
}): ReactNode {
  return (
    <section aria-label="History">
      <header className="chunks__head">
        <h3>History</h3>
      </header>
      <ol className="history" data-testid="history">
        {changes.map((change, index) => (
          <li key={`${change.version} ${index}`} className={asOf > 0 && change.at > asOf ? 'history__later' : ''}>
            <button title="What was known then" onClick={() => onChoose(index === 0 ? 0 : change.at)}>
              <time dateTime={new Date(change.at).toISOString()}>{new Date(change.at).toLocaleString()}</time>
              <span>{changeInWords(change, entity.id)}</span>
              {change.by && <small>by {change.by}</small>}
            </button>
            {change.kind === 'changed' && (
              <ul>
                {fieldsOf(changes, index).map(({ field, before, after }) => (
                  <li key={field}>
                    {field.replace(/^attributes\./, '')}: <del>{inWords(before)}</del> → <ins>{inWords(after)}</ins>
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ol>
    </section>
  )
}

function inWords(value: Json | undefined): string {
  const text = value === undefined ? 'nothing' : textInWords(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
