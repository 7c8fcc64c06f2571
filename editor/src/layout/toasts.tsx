import { CircleAlert, Info } from 'lucide-react'
import type { ReactNode } from 'react'
import { create } from 'zustand'
import './toasts.css'

interface Toast {
  readonly id: number
  readonly text: string
  readonly level: 'info' | 'warn'
}
const useToasts = create<{ toasts: readonly Toast[] }>(() => ({ toasts: [] }))
const SHOWN_MS = 5_000
let next = 1

/** Says something for some seconds. */
export function say(text: string, level: Toast['level'] = 'info'): void {
  const toast = { id: next++, text, level }
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, toast].slice(-4) }))
  setTimeout(
    () => useToasts.setState(({ toasts }) => ({ toasts: toasts.filter(one => one.id !== toast.id) })),
    SHOWN_MS,
  )
}

export function Toasts(): ReactNode {
  const { toasts } = useToasts()
  return (
    <div className="toasts" role="status" aria-live="polite" data-testid="toasts">
      {toasts.map(({ id, text, level }) => (
        <p key={id} className={`toast toast--${level}`}>
          {level === 'warn' ? <CircleAlert size={15} aria-hidden="true" /> : <Info size={15} aria-hidden="true" />}{' '}
          {text}
        </p>
      ))}
    </div>
  )
}
