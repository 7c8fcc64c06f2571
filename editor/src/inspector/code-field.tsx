import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { javascript } from '@codemirror/lang-javascript'
import { bracketMatching, defaultHighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { Annotation, EditorState } from '@codemirror/state'
import { Decoration, EditorView, keymap, MatchDecorator, ViewPlugin } from '@codemirror/view'
import type { DecorationSet, ViewUpdate } from '@codemirror/view'
import type { ReactNode } from 'react'
import { useContext, useEffect, useRef } from 'react'
import { ReadOnly } from './read-only.ts'

interface CodeFieldProps {
  readonly id: string
  readonly label: string
  readonly language: 'template' | 'code'
  readonly value: string
  onChange(value: string): void
}

/** A field for code and templates. Loaded when first needed. */
export function CodeField({ id, label, language, value, onChange }: CodeFieldProps): ReactNode {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | undefined>(undefined)
  const change = useRef(onChange)
  change.current = onChange
  const isReadOnly = useContext(ReadOnly)
  useEffect(() => {
    if (!host.current) return undefined
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          ...extensionsFor(language, label, text => change.current(text)),
          EditorState.readOnly.of(isReadOnly),
          EditorView.editable.of(!isReadOnly),
        ],
      }),
    })
    view.current = made
    return () => made.destroy()
    // The text comes in by the effect below: the editor is made once.
  }, [language, label, isReadOnly])
  useEffect(() => {
    const editor = view.current
    if (editor && editor.state.doc.toString() !== value)
      editor.dispatch({
        changes: { from: 0, to: editor.state.doc.length, insert: value },
        annotations: fromOutside.of(true),
      })
  }, [value])
  return <div id={id} ref={host} className={`code-field code-field--${language}`} />
}

/** Marks what was not typed here: an undo of the page's own must not come back as a change. */
const fromOutside = Annotation.define<boolean>()

const variables = new MatchDecorator({
  regexp: /\{\{[^}]*\}\}/g,
  decoration: Decoration.mark({ class: 'template-variable' }),
})
const templateMarks = ViewPlugin.fromClass(
  class {
    marks: DecorationSet
    constructor(view: EditorView) {
      this.marks = variables.createDeco(view)
    }
    update(update: ViewUpdate) {
      this.marks = variables.updateDeco(update, this.marks)
    }
  },
  { decorations: plugin => plugin.marks },
)

function extensionsFor(language: 'template' | 'code', label: string, onChange: (text: string) => void) {
  return [
    history(),
    keymap.of([...(language === 'code' ? [indentWithTab] : []), ...defaultKeymap, ...historyKeymap]),
    language === 'code'
      ? [javascript(), bracketMatching(), syntaxHighlighting(defaultHighlightStyle)]
      : [templateMarks],
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': label }),
    EditorView.updateListener.of(update => {
      if (update.docChanged && !update.transactions.some(one => one.annotation(fromOutside)))
        onChange(update.state.doc.toString())
    }),
  ]
}
