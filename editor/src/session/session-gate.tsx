import { LoaderCircle, Unplug } from 'lucide-react'
import type { ReactNode } from 'react'
import { useCallback, useEffect, useState } from 'react'
import type { Registry } from '#graph/define.ts'
import { SignIn } from '../account/sign-in.tsx'
import { SessionContext } from './context.ts'
import type { Gate } from './open.ts'
import { openGate } from './open.ts'
import './session.css'

/** Shows its children to whoever is signed in; lets others sign in first. */
export function SessionGate({
  registry,
  children,
}: {
  readonly registry: Registry
  readonly children: ReactNode
}): ReactNode {
  const [gate, setGate] = useState<Gate>({ state: 'opening' })
  const [round, setRound] = useState(0)
  const restart = useCallback(() => setRound(one => one + 1), [])
  useEffect(() => {
    let current = true
    let opened: Gate | undefined
    void openGate(registry, restart).then(next => {
      opened = next
      if (current) setGate(next)
      else if (next.state === 'open') void next.session.client.close()
    })
    return () => {
      current = false
      if (opened?.state === 'open') void opened.session.client.close()
    }
  }, [registry, restart, round])
  switch (gate.state) {
    case 'opening':
      return (
        <div className="gate">
          <LoaderCircle className="spin" size={22} aria-label="Opening" />
        </div>
      )
    case 'unreachable':
      return (
        <div className="gate" role="alert">
          <Unplug size={28} aria-hidden="true" />
          <h1>The server does not answer</h1>
          <p>{gate.message}</p>
          <button className="button button--primary" onClick={restart}>
            Try again
          </button>
        </div>
      )
    case 'sign-in':
      return <SignIn registration={gate.registration} onDone={restart} />
    case 'open':
      return <SessionContext.Provider value={gate.session}>{children}</SessionContext.Provider>
  }
}
