import type { ReactNode } from 'react'
import { Fragment } from 'react'

/** A question as people read it: paragraphs, lists, emphasis, code. What is none of these stands as it was written. */
export function Prose({ text }: { readonly text: string }): ReactNode {
  return (
    <div className="prose">
      {text
        .split(/\n{2,}/)
        .filter(part => part.trim() !== '')
        .map((part, index) => (
          <Block key={index} text={part} />
        ))}
    </div>
  )
}

function Block({ text }: { readonly text: string }): ReactNode {
  const heading = /^(#{1,4})\s+(.*)$/.exec(text.trim())
  if (heading) return <h4>{inline(heading[2] ?? '')}</h4>
  const lines = text.split('\n')
  if (lines.every(line => /^\s*([-*+]|\d+[.)])\s+/.test(line)))
    return (
      <ul>
        {lines.map((line, index) => (
          <li key={index}>{inline(line.replace(/^\s*([-*+]|\d+[.)])\s+/, ''))}</li>
        ))}
      </ul>
    )
  return (
    <p>
      {lines.map((line, index) => (
        <Fragment key={index}>
          {index > 0 && <br />}
          {inline(line)}
        </Fragment>
      ))}
    </p>
  )
}

// Within a word an underscore is only a part of it.
const MARKED = /(\*\*[^*\n]+\*\*|\*[^*\n]+\*|(?<![\p{L}\p{N}_])_[^_\n]+_(?![\p{L}\p{N}_])|`[^`\n]+`)/u

function inline(text: string): readonly ReactNode[] {
  return text.split(MARKED).map((piece, index) => {
    if (index % 2 === 0) return piece
    if (piece.startsWith('**')) return <b key={index}>{piece.slice(2, -2)}</b>
    if (piece.startsWith('`')) return <code key={index}>{piece.slice(1, -1)}</code>
    return <em key={index}>{piece.slice(1, -1)}</em>
  })
}
