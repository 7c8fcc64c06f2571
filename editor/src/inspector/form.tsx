import type { ReactNode } from 'react'
import { lazy, Suspense, useEffect, useId, useState } from 'react'
import type { Schema } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import { checkSchema } from '#graph/schema.ts'
import { isModelKind } from '../models/catalogue.ts'
import { ModelField } from '../models/model-field.tsx'
import { useSession } from '../session/context.ts'

// Without the server it may not be there: then a plain field does.
const CodeField = lazy(async () => ({
  default: await import('./code-field.tsx').then(
    ({ CodeField: field }) => (field as typeof field | undefined) ?? PlainField,
    () => PlainField,
  ),
}))

interface FieldProps {
  readonly name: string
  readonly schema: Schema
  readonly value: Json | undefined
  /** More that is wrong with it. */
  readonly problem?: string | undefined
  readonly required?: boolean
  /** Tells only what is wrong that it is told: whoever fills a form in has not finished yet. */
  readonly isQuiet?: boolean
  onChange(value: Json | undefined): void
}

/** One setting, as its JSON Schema says. */
export function SchemaField({
  name,
  schema,
  value,
  problem,
  required = false,
  isQuiet = false,
  onChange,
}: FieldProps): ReactNode {
  const id = useId()
  const shown = value ?? schema.default
  const wrong = problem ?? (value === undefined || isQuiet ? undefined : checkSchema(value, schema, '')[0]?.message)
  return (
    <div className="setting">
      <label htmlFor={id}>
        {schema.title ?? name} {required && <small>required</small>}
      </label>
      <Editor id={id} name={name} schema={schema} value={shown} onChange={onChange} />
      {wrong ? <em role="alert">{wrong}</em> : schema.description && <small>{schema.description}</small>}
    </div>
  )
}

type EditorProps = Omit<FieldProps, 'problem' | 'required' | 'isQuiet'> & { readonly id: string }

function Editor(props: EditorProps): ReactNode {
  const { id, schema, value, onChange } = props
  if (schema.enum) {
    return (
      <select
        id={id}
        value={value === undefined ? '' : JSON.stringify(value)}
        onChange={event => onChange(event.target.value === '' ? undefined : (JSON.parse(event.target.value) as Json))}
      >
        {value === undefined && <option value="">— choose —</option>}
        {schema.enum.map(one => (
          <option key={JSON.stringify(one)} value={JSON.stringify(one)}>
            {toText(one)}
          </option>
        ))}
      </select>
    )
  }
  switch (schema.type) {
    case 'boolean':
      return (
        <input id={id} type="checkbox" checked={value === true} onChange={event => onChange(event.target.checked)} />
      )
    case 'number':
    case 'integer':
      return <NumberField {...props} />
    case 'string':
      return <TextField {...props} />
    case 'array':
      return schema.items?.type === 'string' ? <LinesField {...props} /> : <JsonField {...props} />
    default:
      return <JsonField {...props} />
  }
}

function NumberField({ id, schema, value, onChange }: EditorProps): ReactNode {
  const [text, setText] = useState(toText(value))
  useEffect(() => setText(before => (Number(before) === value && before !== '' ? before : toText(value))), [value])
  return (
    <input
      id={id}
      type="number"
      step={schema.type === 'integer' ? 1 : 'any'}
      min={schema.minimum}
      max={schema.maximum}
      value={text}
      placeholder={toText(schema.default)}
      onChange={event => {
        setText(event.target.value)
        onChange(event.target.value === '' ? undefined : Number(event.target.value))
      }}
    />
  )
}

function PlainField({
  id,
  label,
  value,
  onChange,
}: {
  readonly id: string
  readonly label: string
  readonly value: string
  onChange(value: string): void
}): ReactNode {
  return <textarea id={id} aria-label={label} rows={6} value={value} onChange={event => onChange(event.target.value)} />
}

function TextField({ id, name, schema, value, onChange }: EditorProps): ReactNode {
  const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)
  if (isModelKind(schema.format)) return <ModelField id={id} kind={schema.format} text={text} onChange={onChange} />
  switch (schema.format) {
    case 'template':
    case 'code':
      return (
        <Suspense fallback={<PlainField id={id} label={schema.title ?? name} value={text} onChange={onChange} />}>
          <CodeField id={id} label={schema.title ?? name} language={schema.format} value={text} onChange={onChange} />
        </Suspense>
      )
    case 'multiline':
      return (
        <textarea
          id={id}
          rows={Math.min(12, Math.max(3, text.split('\n').length))}
          value={text}
          onChange={event => onChange(event.target.value)}
        />
      )
    case 'spell':
      return <SpellField id={id} text={text} onChange={onChange} />
    default:
      return (
        <input
          id={id}
          type="text"
          spellCheck={false}
          value={text}
          className={schema.format === 'regex' ? 'mono' : ''}
          onChange={event => onChange(event.target.value)}
        />
      )
  }
}

function SpellField({
  id,
  text,
  onChange,
}: {
  readonly id: string
  readonly text: string
  onChange(value: Json): void
}): ReactNode {
  const { rest } = useSession()
  const [spells, setSpells] = useState<readonly { readonly id: string; readonly name: string }[]>([])
  useEffect(() => {
    rest.listSpells({ pageSize: 200 }).then(
      ({ spells: all }) => setSpells(all),
      () => setSpells([]),
    )
  }, [rest])
  const known = spells.some(spell => spell.id === text || spell.name === text)
  return (
    <select
      id={id}
      value={spells.find(spell => spell.name === text)?.id ?? text}
      onChange={event => onChange(event.target.value)}
    >
      <option value="">— choose a spell —</option>
      {text !== '' && !known && <option value={text}>{text} (not found)</option>}
      {spells.map(spell => (
        <option key={spell.id} value={spell.id}>
          {spell.name}
        </option>
      ))}
    </select>
  )
}

/** A list of texts: one a line. */
function LinesField({ id, value, onChange }: EditorProps): ReactNode {
  const list = Array.isArray(value) ? (value as readonly Json[]).map(String) : []
  const [text, setText] = useState(list.join('\n'))
  const joined = list.join('\n')
  useEffect(
    () => setText(before => (before.split('\n').filter(Boolean).join('\n') === joined ? before : joined)),
    [joined],
  )
  return (
    <textarea
      id={id}
      rows={Math.min(8, Math.max(2, text.split('\n').length))}
      value={text}
      placeholder="one a line"
      spellCheck={false}
      onChange={event => {
        setText(event.target.value)
        onChange(event.target.value.split('\n').filter(line => line !== ''))
      }}
    />
  )
}

/** Any value, as JSON; a text that is no JSON is that text. */
export function JsonField({
  id,
  value,
  onChange,
  placeholder = '',
}: Pick<EditorProps, 'id' | 'value' | 'onChange'> & { readonly placeholder?: string }): ReactNode {
  const written =
    value === undefined
      ? ''
      : typeof value === 'string' && !isJson(value)
        ? value
        : JSON.stringify(value, undefined, typeof value === 'object' ? 2 : 0)
  const [text, setText] = useState(written)
  useEffect(
    () => setText(before => (JSON.stringify(readJson(before)) === JSON.stringify(value) ? before : written)),
    [written, value],
  )
  return (
    <textarea
      id={id}
      className="mono"
      rows={Math.min(10, Math.max(1, text.split('\n').length))}
      value={text}
      placeholder={placeholder}
      spellCheck={false}
      onChange={event => {
        setText(event.target.value)
        onChange(readJson(event.target.value))
      }}
    />
  )
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function readJson(text: string): Json | undefined {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

/** A value as people read it: a text as it is, nothing as nothing. */
function toText(value: Json | undefined): string {
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
}
