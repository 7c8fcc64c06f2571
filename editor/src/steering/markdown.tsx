import type { ReactNode } from 'react'
import { Fragment } from 'react'

/** Shows words that are no code. */
type InText = (words: string) => ReactNode
const asIs: InText = words => words

/** A question as people read it: paragraphs, lists, emphasis, code. What is none of these stands as it was written, or as `inText` shows it. */
export function Prose({ text, inText = asIs }: { readonly text: string; readonly inText?: InText }): ReactNode {
  return (
    <div className="prose">
      {text
        .split(/\n{2,}/)
        .filter(part => part.trim() !== '')
        .map((part, index) => (
          <Block key={index} text={part} inText={inText} />
        ))}
    </div>
  )
}

function Block({ text, inText }: { readonly text: string; readonly inText: InText }): ReactNode {
  const heading = /^(#{1,4})\s+(.*)$/.exec(text.trim())
  if (heading) return <h4>{inline(heading[2] ?? '', inText)}</h4>
  const lines = text.split('\n')
  if (lines.every(line => /^\s*([-*+]|\d+[.)])\s+/.test(line)))
    return (
      <ul>
        {lines.map((line, index) => (
          <li key={index}>{inline(line.replace(/^\s*([-*+]|\d+[.)])\s+/, ''), inText)}</li>
        ))}
      </ul>
    )
  return (
    <p>
      {lines.map((line, index) => (
        <Fragment key={index}>
          {index > 0 && <br />}
          {inline(line, inText)}
        </Fragment>
      ))}
    </p>
  )
}

// Within a word an underscore is only a part of it.
const MARKED = /(\*\*[^*\n]+\*\*|\*[^*\n]+\*|(?<![\p{L}\p{N}_])_[^_\n]+_(?![\p{L}\p{N}_])|`[^`\n]+`)/u

function inline(text: string, inText: InText): readonly ReactNode[] {
  return text.split(MARKED).map((piece, index) => {
    if (index % 2 === 0) return <Fragment key={index}>{inText(piece)}</Fragment>
    if (piece.startsWith('**')) return <b key={index}>{inText(piece.slice(2, -2))}</b>
    if (piece.startsWith('`')) return <code key={index}>{piece.slice(1, -1)}</code>
    return <em key={index}>{inText(piece.slice(1, -1))}</em>
  })
}
