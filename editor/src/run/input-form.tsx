import type { FormEvent, ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import { create } from 'zustand'
import type { SpellInput } from '#graph/interface.ts'
import type { JsonObject } from '#graph/json.ts'
import { textInWords } from '../media/media.ts'
import { MediaField, mediaKindOf } from '../media/media-field.tsx'
import { fromFields, toField } from './input-values.ts'

/** A run is started by one frame of the session, of 64 KB. */
const MOST_MEDIA = 40_000

interface Question {
  readonly inputs: readonly SpellInput[]
  readonly known: JsonObject
  answer(values: JsonObject | undefined): void
}
const useQuestion = create<{ question: Question | undefined }>(() => ({ question: undefined }))

/** Asks for a run's inputs; undefined: the person thought better of it. */
export function ask(inputs: readonly SpellInput[], known: JsonObject): Promise<JsonObject | undefined> {
  return new Promise(resolve => {
    useQuestion.setState({
      question: {
        inputs,
        known,
        answer: values => {
          useQuestion.setState({ question: undefined })
          resolve(values)
        },
      },
    })
  })
}

/** The dialog that {@link ask} opens. One in the page. */
export function InputForm(): ReactNode {
  const { question } = useQuestion()
  return question ? <Form question={question} /> : null
}

function Form({ question }: { readonly question: Question }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  const [fields, setFields] = useState<Record<string, string>>(() =>
    Object.fromEntries(question.inputs.map(input => [input.name, toField(question.known[input.name])])),
  )
  const [problems, setProblems] = useState<Record<string, string>>({})
  useEffect(() => dialog.current?.showModal(), [])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const read = fromFields(question.inputs, fields)
    if (read.problems) setProblems(read.problems)
    else question.answer(read.values)
  }
  return (
    <dialog ref={dialog} className="dialog" onCancel={() => question.answer(undefined)} aria-labelledby="inputs-title">
      <form onSubmit={submit} data-testid="input-form">
        <h2 id="inputs-title">What shall it work with?</h2>
        {question.inputs.map(input => (
          <label key={input.name} className="field">
            <span>
              {input.name}{' '}
              <small>
                {input.type}
                {input.default === undefined ? '' : ` · ${textInWords(toField(input.default))}`}
              </small>
            </span>
            <MediaField
              name={input.name}
              kind={mediaKindOf(input)}
              value={fields[input.name]}
              most={MOST_MEDIA}
              onChange={value => setFields(before => ({ ...before, [input.name]: value ?? '' }))}
            >
              <textarea
                rows={Math.min(8, Math.max(1, (fields[input.name] ?? '').split('\n').length))}
                value={fields[input.name] ?? ''}
                placeholder={textInWords(toField(input.default))}
                aria-invalid={problems[input.name] !== undefined}
                onChange={event => setFields({ ...fields, [input.name]: event.target.value })}
              />
            </MediaField>
            {input.description && <small>{input.description}</small>}
            {problems[input.name] && <em role="alert">{problems[input.name]}</em>}
          </label>
        ))}
        <footer>
          <button type="button" className="button" onClick={() => question.answer(undefined)}>
            Cancel
          </button>
          <button type="submit" className="button button--primary">
            Run
          </button>
        </footer>
      </form>
    </dialog>
  )
}
