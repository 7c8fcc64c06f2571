import { KeyRound } from 'lucide-react'
import type { ReactNode } from 'react'
import { openSecrets } from './secrets-store.ts'
import './secrets.css'

/** As the services of models say that they have no key. */
const MISSING = /needs a key: set ([A-Z][A-Z0-9_]{0,63}), or add a secret of that name/

/** Beside what a node failed of: where that is a missing key, the way to add it. */
export function MissingKey({ message }: { readonly message: string }): ReactNode {
  const name = MISSING.exec(message)?.[1]
  if (name === undefined) return null
  return (
    <button
      className="button button--small missing-key nodrag"
      data-testid={`missing-${name}`}
      onClick={() => openSecrets(name)}
    >
      <KeyRound size={12} aria-hidden="true" /> Add the key
    </button>
  )
}
