import { LogOut, UserRound } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import { Connection } from '../session/connection.tsx'
import { SpendingChip } from '../cost/spending-chip.tsx'
import { useSession } from '../session/context.ts'
import { forgetAccount } from '../session/open.ts'
import { AccountForm, EMAIL, NAME, NEW_PASSWORD } from './form.tsx'
import { SecretsButton } from './secrets.tsx'
import './account.css'

/** Who is signed in, and the way out. */
export function AccountBar({ tab }: { readonly tab: string }): ReactNode {
  const { account, claimed, rest, restart } = useSession()
  const leave = async () => {
    await rest.logout()
    forgetAccount()
    restart()
  }
  return (
    <div className="account-bar" data-testid="account">
      <Connection />
      <span className="account-bar__tools">
        <SpendingChip tab={tab} />
        <SecretsButton />
      </span>
      {claimed && (
        <>
          <span title={account.email}>
            <UserRound size={14} aria-hidden="true" /> {account.name || account.email}
          </span>
          <button className="icon-button" aria-label="Sign out" title="Sign out" onClick={() => void leave()}>
            <LogOut size={15} />
          </button>
        </>
      )}
    </div>
  )
}

const DISMISSED = 'spellmesh.claim.dismissed'

/** Says that an unclaimed instance is private, and offers to claim it. */
export function ClaimBar(): ReactNode {
  const { claimed } = useSession()
  const [open, setOpen] = useState(false)
  const [hidden, setHidden] = useState(() => sessionStorage.getItem(DISMISSED) === 'yes')
  if (claimed || hidden) return null
  const dismiss = () => {
    sessionStorage.setItem(DISMISSED, 'yes')
    setHidden(true)
  }
  return (
    <aside className="claim-bar">
      <span>This instance is yours alone on this computer. Claim it to let others in.</span>
      <button className="button button--small" data-testid="claim" onClick={() => setOpen(true)}>
        Claim it
      </button>
      <button className="button button--small button--quiet" onClick={dismiss}>
        Later
      </button>
      {open && <ClaimDialog onClose={() => setOpen(false)} />}
    </aside>
  )
}

function ClaimDialog({ onClose }: { onClose(): void }): ReactNode {
  const { rest, restart } = useSession()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} className="dialog" onCancel={onClose} aria-labelledby="claim-title">
      <h2 id="claim-title">Claim this instance</h2>
      <p>
        You become its owner; everything made so far stays yours. From then on it asks for a password and can be reached
        by others.
      </p>
      <AccountForm
        fields={[NAME, EMAIL, NEW_PASSWORD]}
        action="Claim"
        onSubmit={async ({ name = '', email = '', password = '' }) => {
          await rest.register({ name, email, password })
          onClose()
          restart()
        }}
      >
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
      </AccountForm>
    </dialog>
  )
}
