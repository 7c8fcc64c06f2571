import { LoaderCircle, Search, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect } from 'react'
import { TYPES } from '../documents/jobs.ts'
import { useSession } from '../session/context.ts'
import { askFor, useSearch } from './store.ts'
import type { Mode } from './store.ts'

const MODES: readonly (readonly [mode: Mode, name: string, about: string])[] = [
  ['hybrid', 'Both', 'By words and by meaning, put together'],
  ['keyword', 'Words', 'Only what has these words'],
  ['vector', 'Meaning', 'What means the same, whatever its words'],
]

/** Asks what documents say. `collection`: only of this one. */
export function SearchBox({ collection }: { readonly collection: string }): ReactNode {
  const session = useSession()
  const { query, isBusy } = useSearch()
  useEffect(() => {
    // What is chosen beside the box counts for what was asked before, too.
    if (useSearch.getState().query !== '') askFor(session, collection, {})
  }, [session, collection])
  return (
    <search className="know-search">
      <div className="know-search__line">
        {isBusy ? (
          <LoaderCircle size={14} className="spin" aria-hidden="true" />
        ) : (
          <Search size={14} aria-hidden="true" />
        )}
        <input
          type="search"
          placeholder="Search what documents say"
          aria-label="Search what documents say"
          data-testid="document-search"
          maxLength={8000}
          value={query}
          onChange={event => askFor(session, collection, { query: event.target.value })}
          onKeyDown={event => {
            if (event.key !== 'Escape' || query === '') return
            event.preventDefault()
            askFor(session, collection, { query: '' })
          }}
        />
        {query !== '' && (
          <button
            className="icon-button"
            aria-label="Clear the search"
            onClick={() => askFor(session, collection, { query: '' })}
          >
            <X size={13} />
          </button>
        )}
      </div>
    </search>
  )
}

/** In which way, and in documents of which type. */
export function HowToSearch({ collection }: { readonly collection: string }): ReactNode {
  const session = useSession()
  const { mode, type } = useSearch()
  return (
    <div className="know__bar">
      <div className="segments" role="group" aria-label="How to search">
        {MODES.map(([one, name, about]) => (
          <button
            key={one}
            aria-pressed={one === mode}
            title={about}
            data-testid={`mode-${one}`}
            onClick={() => askFor(session, collection, { mode: one })}
          >
            {name}
          </button>
        ))}
      </div>
      <select
        aria-label="Type of document"
        data-testid="search-type"
        value={type}
        onChange={event => askFor(session, collection, { type: event.target.value })}
      >
        <option value="">Any type</option>
        {TYPES.map(([one, name]) => (
          <option key={one} value={one}>
            {name}
          </option>
        ))}
      </select>
    </div>
  )
}
