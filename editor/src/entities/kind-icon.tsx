import { Bot, Box, Building2, MapPin, Shapes, UserRound } from 'lucide-react'
import type { ReactNode } from 'react'

const ICONS = { person: UserRound, organisation: Building2, place: MapPin, thing: Box, bot: Bot } as const

export function KindIcon({ kind }: { readonly kind: string }): ReactNode {
  const Icon = Object.hasOwn(ICONS, kind) ? ICONS[kind as keyof typeof ICONS] : Shapes
  return <Icon size={15} aria-hidden="true" className="document-row__icon" />
}
