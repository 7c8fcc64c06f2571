import {
  Braces,
  CircleCheck,
  CircleSlash,
  CircleX,
  File,
  FileCode,
  FileSpreadsheet,
  FileText,
  FileType,
  Hourglass,
  LoaderCircle,
  Presentation,
} from 'lucide-react'
import type { ReactNode } from 'react'
import type { JobRecord } from '../knowledge/records.ts'
import { standingOf } from './jobs.ts'
import type { Standing } from './jobs.ts'

const TYPES = {
  pdf: FileType,
  docx: FileText,
  pptx: Presentation,
  xlsx: FileSpreadsheet,
  html: FileCode,
  markdown: FileText,
  text: FileText,
  csv: FileSpreadsheet,
  json: Braces,
} as const

export function TypeIcon({ type }: { readonly type: string }): ReactNode {
  const Icon = Object.hasOwn(TYPES, type) ? TYPES[type as keyof typeof TYPES] : File
  return <Icon size={16} aria-hidden="true" className="document-row__icon" />
}

const MARKS: Readonly<Record<Standing['kind'], typeof File>> = {
  waiting: Hourglass,
  working: LoaderCircle,
  ready: CircleCheck,
  failed: CircleX,
  skipped: CircleSlash,
}

/** How far a document is, by an icon and words; why not, and what to do. */
export function StandingLine({ job }: { readonly job: JobRecord | undefined }): ReactNode {
  const { kind, words, progress, note, advice } = standingOf(job)
  const Mark = MARKS[kind]
  return (
    <span className={`standing standing--${kind}`} data-testid="standing" data-kind={kind}>
      <span className="standing__words">
        <Mark size={13} aria-hidden="true" className={kind === 'working' ? 'spin' : ''} /> {words}
      </span>
      {progress !== undefined && <progress value={progress} aria-label={words} />}
      {(note || advice) && (
        <span className="standing__note">
          {note} {advice}
        </span>
      )}
    </span>
  )
}
