import type { LucideIcon } from 'lucide-react'
import {
  Ampersand,
  ArrowDownToDot,
  BetweenHorizontalStart,
  Box,
  Braces,
  BrushCleaning,
  Calculator,
  CaseSensitive,
  CircleDot,
  CircleHelp,
  CircleSlash,
  Code,
  Combine,
  Database,
  DoorOpen,
  FileDiff,
  FileJson,
  GitBranch,
  GitMerge,
  Hash,
  List,
  LogIn,
  LogOut,
  Merge,
  PencilLine,
  Play,
  RefreshCw,
  Regex,
  Repeat,
  Replace,
  Ruler,
  Save,
  Scale,
  Scissors,
  Sparkles,
  Split,
  Terminal,
  Timer,
} from 'lucide-react'
import type { ReactNode } from 'react'

const ICONS: Readonly<Record<string, LucideIcon>> = {
  ampersand: Ampersand,
  'arrow-down-to-dot': ArrowDownToDot,
  'between-horizontal-start': BetweenHorizontalStart,
  box: Box,
  braces: Braces,
  'brush-cleaning': BrushCleaning,
  calculator: Calculator,
  'case-sensitive': CaseSensitive,
  'circle-dot': CircleDot,
  'circle-slash': CircleSlash,
  code: Code,
  combine: Combine,
  database: Database,
  'door-open': DoorOpen,
  'file-diff': FileDiff,
  'file-json': FileJson,
  'git-branch': GitBranch,
  'git-merge': GitMerge,
  hash: Hash,
  list: List,
  'log-in': LogIn,
  'log-out': LogOut,
  merge: Merge,
  'pencil-line': PencilLine,
  play: Play,
  'refresh-cw': RefreshCw,
  regex: Regex,
  repeat: Repeat,
  replace: Replace,
  ruler: Ruler,
  save: Save,
  scale: Scale,
  scissors: Scissors,
  sparkles: Sparkles,
  split: Split,
  terminal: Terminal,
  timer: Timer,
}

/** A node type's icon. */
export function TypeIcon({
  name,
  size = 15,
}: {
  readonly name: string | undefined
  readonly size?: number
}): ReactNode {
  const Icon = (name && ICONS[name]) || CircleHelp
  return <Icon size={size} aria-hidden="true" />
}

/** The group of a type: what the canvas tints its icon by. */
export function groupOf(type: string): string {
  return type.split('/')[0] ?? ''
}
