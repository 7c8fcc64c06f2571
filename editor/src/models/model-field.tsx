import { ChevronsUpDown } from 'lucide-react'
import type { KeyboardEvent, ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import type { Json } from '#graph/json.ts'
import { openSecrets } from '../account/secrets-store.ts'
import { useSession } from '../session/context.ts'
import type { Choice, ModelKind } from './catalogue.ts'
import { groupsOf, loadChoices, lockedOf, useChoices } from './catalogue.ts'
import { ModelList } from './model-list.tsx'
import type { Row } from './model-list.tsx'
import './models.css'

interface FieldProps {
  readonly id: string
  readonly kind: ModelKind
  readonly text: string
  onChange(value: Json): void
}

const EMPTY: Readonly<Record<ModelKind, string>> = {
  model: 'the default model',
  'embedding-model': 'the default model',
  'image-model': 'the default model',
  voice: 'the default voice',
  recogniser: 'the default recogniser',
}

/** A model's name: chosen from those that there are, or typed. */
export function ModelField({ id, kind, text, onChange }: FieldProps): ReactNode {
  const { rest } = useSession()
  const choices = useChoices(kind)
  const [open, setOpen] = useState(false)
  /** Undefined: nothing was typed since it was opened, and all are shown. */
  const [words, setWords] = useState<string | undefined>()
  /** None until somebody moves: Enter keeps what was typed. */
  const [active, setActive] = useState(-1)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (choices === undefined) void loadChoices(rest, kind)
  }, [rest, kind, choices])
  const known = choices === undefined || choices === 'away' ? undefined : choices
  const rows = open && known ? rowsOf(known, words ?? '', words === undefined) : []
  const show = () => {
    if (open) return
    setWords(undefined)
    setActive(-1)
    setOpen(true)
    void loadChoices(rest, kind)
  }
  const take = (row: Row | undefined) => {
    // Of one that does not answer there is nothing to take.
    if (row?.kind === 'locked' && row.provider.secret === '') return
    setOpen(false)
    if (row?.kind === 'choice') onChange(row.choice.id)
    else if (row?.kind === 'standard') onChange('')
    else if (row?.kind === 'locked') openSecrets(row.provider.secret)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (!open) show()
      else setActive(before => moved(before, event.key === 'ArrowDown' ? 1 : -1, rows.length))
    } else if (event.key === 'Enter' && open) take(rows[active])
    else if (event.key === 'Escape' && open) setOpen(false)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div className="model-field">
      <div className="model-field__line">
        <input
          ref={input}
          id={id}
          type="text"
          role="combobox"
          autoComplete="off"
          spellCheck={false}
          aria-expanded={open}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={open && rows[active] ? `${id}-${active}` : undefined}
          placeholder={known?.standard ? `${known.standard} (default)` : EMPTY[kind]}
          value={text}
          data-testid={`pick-${kind}`}
          onFocus={show}
          onClick={show}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
          onChange={event => {
            setOpen(true)
            setWords(event.target.value)
            setActive(-1)
            onChange(event.target.value)
          }}
        />
        <ChevronsUpDown size={14} aria-hidden="true" />
      </div>
      {open && choices !== undefined && (
        <ModelList
          id={id}
          anchor={input}
          rows={rows}
          active={active}
          chosen={text}
          isAway={choices === 'away'}
          kind={kind}
          onTake={take}
          onClose={() => setOpen(false)}
        />
      )}
      <Chosen choice={known?.list.find(one => one.id === text)} text={text} isKnown={known !== undefined} open={open} />
    </div>
  )
}

function rowsOf(choices: Parameters<typeof groupsOf>[0], words: string, isAll: boolean): readonly Row[] {
  return [
    ...(isAll ? [{ kind: 'standard', model: choices.standard } as const] : []),
    ...groupsOf(choices, words).flatMap(({ title, choices: list }) =>
      list.map((choice, index) => ({ kind: 'choice', choice, title: index === 0 ? title : '' }) as const),
    ),
    ...lockedOf(choices, words).map(
      (provider, index) => ({ kind: 'locked', provider, title: index === 0 ? 'Not set up yet' : '' }) as const,
    ),
  ]
}

function moved(from: number, by: 1 | -1, count: number): number {
  const to = from + by
  return to < 0 ? count - 1 : to >= count ? 0 : to
}

/** Under the field: what is known of what it names. */
function Chosen({
  choice,
  text,
  isKnown,
  open,
}: {
  readonly choice: Choice | undefined
  readonly text: string
  readonly isKnown: boolean
  readonly open: boolean
}): ReactNode {
  if (text === '' || !isKnown || open) return null
  if (!choice) return <small data-testid="model-unknown">Not in this instance’s list: used as you typed it.</small>
  const facts = [choice.price, choice.context, ...choice.abilities].filter(Boolean)
  return facts.length === 0 ? null : <small data-testid="model-facts">{facts.join(' · ')}</small>
}
