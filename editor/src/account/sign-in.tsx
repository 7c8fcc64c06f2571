import type { ReactNode } from 'react'
import { useMemo, useState } from 'react'
import { createRest } from '#client/index.ts'
import { AccountForm, EMAIL, NAME, NEW_PASSWORD, PASSWORD } from './form.tsx'

/** The page of a claimed instance for whoever is not signed in. */
export function SignIn({ registration, onDone }: { readonly registration: boolean; onDone(): void }): ReactNode {
  const rest = useMemo(() => createRest({ baseUrl: location.origin }), [])
  const [registering, setRegistering] = useState(false)
  return (
    <main className="gate">
      <img src="/icon.svg" alt="" width={48} height={48} />
      <h1>{registering ? 'Make an account' : 'Sign in to Spellmesh'}</h1>
      {registering ? (
        <AccountForm
          key="register"
          fields={[NAME, EMAIL, NEW_PASSWORD]}
          action="Register"
          onSubmit={async ({ name = '', email = '', password = '' }) => {
            await rest.register({ name, email, password })
            onDone()
          }}
        >
          <button type="button" className="button" onClick={() => setRegistering(false)}>
            I have an account
          </button>
        </AccountForm>
      ) : (
        <AccountForm
          key="sign-in"
          fields={[EMAIL, PASSWORD]}
          action="Sign in"
          onSubmit={async ({ email = '', password = '' }) => {
            await rest.login({ email, password })
            onDone()
          }}
        >
          {registration && (
            <button type="button" className="button" onClick={() => setRegistering(true)}>
              Make an account
            </button>
          )}
        </AccountForm>
      )}
    </main>
  )
}
