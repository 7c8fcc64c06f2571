import type { ReactNode } from 'react'
import { agoInWords } from '../account/ago.ts'
import type { EntityRecord } from '../knowledge/records.ts'
import { jsonInWords, textInWords } from '../media/media.ts'

/** What is known of an entity, but for its relations. */
export function EntityFacts({ entity }: { readonly entity: EntityRecord }): ReactNode {
  const { about, aliases, attributes = {}, version, updatedAt } = entity
  const list = Object.entries(attributes)
  return (
    <div data-testid="entity-facts">
      {about && <p className="entity__about">{about}</p>}
      {aliases.length > 0 && (
        <p className="entity__aliases">
          also{' '}
          {aliases.map(alias => (
            <span key={alias} className="tag">
              {alias}
            </span>
          ))}
        </p>
      )}
      {list.length > 0 ? (
        <table className="facts" aria-label="Attributes">
          <tbody>
            {list.map(([key, value]) => (
              <tr key={key}>
                <th scope="row">{key}</th>
                <td>{typeof value === 'string' ? textInWords(value) : <code>{jsonInWords(value)}</code>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <p className="know__none">No attributes.</p>
      )}
      <p className="entity__version">
        version {version}, changed {agoInWords(updatedAt)}
      </p>
    </div>
  )
}
