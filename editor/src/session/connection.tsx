import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import type { ConnectionStatus } from '#client/types.ts'
import { useSession } from './context.ts'

const WORDS: Readonly<Record<ConnectionStatus, string>> = {
  open: 'Connected',
  connecting: 'Connecting…',
  waiting: 'Offline — replay still works',
  closed: 'Disconnected',
}

/** A dot and a word: whether the server hears us. */
export function Connection(): ReactNode {
  const { client } = useSession()
  const [status, setStatus] = useState<ConnectionStatus>(client.status)
  useEffect(() => {
    setStatus(client.status)
    return client.on('status', () => setStatus(client.status))
  }, [client])
  return (
    <span
      className={`connection connection--${status}`}
      role="status"
      data-testid="connection"
      data-status={status}
      title={WORDS[status]}
    >
      <i aria-hidden="true" />
      <span className={status === 'open' || status === 'connecting' ? 'visually-hidden' : ''}>{WORDS[status]}</span>
    </span>
  )
}
