import { BookOpen, Search } from 'lucide-react'
import type { DragEvent, ReactNode } from 'react'
import { useMemo, useState } from 'react'
import type { NodeType } from '#graph/define.ts'
import { TypeIcon } from '../canvas/icon.tsx'
import { addNode, newNodeId } from '../document/edits.ts'
import { edit, select, tabOf } from '../document/store.ts'
import { useSession } from '../session/context.ts'
import { findTypes, groups } from './catalogue.ts'
import { openExample } from './examples.ts'
import './palette.css'

/** What a dragged node type travels as. */
export const DRAGGED_TYPE = 'application/x-spellmesh-type'

/** The node library: search, drag onto the canvas, or click. */
export function Palette({ tab }: { readonly tab: string }): ReactNode {
  const [words, setWords] = useState('')
  const found = useMemo(() => findTypes(words), [words])
  return (
    <aside className="palette" data-testid="palette" aria-label="Node library">
      <label className="palette__search">
        <Search size={14} aria-hidden="true" />
        <input
          type="search"
          data-testid="palette-search"
          placeholder="Search nodes"
          aria-label="Search nodes"
          value={words}
          onChange={event => setWords(event.target.value)}
        />
      </label>
      <div className="palette__list">
        {words.trim() === '' ? (
          groups().map(([group, title]) => (
            <Group key={group} title={title} types={found.filter(one => one.type.startsWith(`${group}/`))} tab={tab} />
          ))
        ) : (
          <Group title={found.length === 0 ? 'Nothing fits' : `${found.length} found`} types={found} tab={tab} />
        )}
      </div>
    </aside>
  )
}

function Group({
  title,
  types,
  tab,
}: {
  readonly title: string
  readonly types: readonly NodeType[]
  readonly tab: string
}): ReactNode {
  return (
    <section>
      <h3>{title}</h3>
      <ul>
        {types.map(type => (
          <li key={type.type}>
            <Item type={type} tab={tab} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Item({ type, tab }: { readonly type: NodeType; readonly tab: string }): ReactNode {
  const drag = (event: DragEvent) => {
    event.dataTransfer.setData(DRAGGED_TYPE, type.type)
    event.dataTransfer.effectAllowed = 'copy'
  }
  const session = useSession()
  return (
    <>
      <button
        className={`palette__item card--g-${type.type.split('/')[0]}`}
        draggable
        title={type.about}
        onDragStart={drag}
        onClick={() => addBelow(tab, type)}
      >
        <span className="card__icon">
          <TypeIcon name={type.icon} size={14} />
        </span>
        {type.title}
      </button>
      <button
        className="palette__example"
        aria-label={`Show me an example of ${type.title}`}
        title="Show me an example"
        onClick={() => void openExample(session, type.type)}
      >
        <BookOpen size={13} />
      </button>
    </>
  )
}

/** Adds a node beside the selected one, or right of everything. */
function addBelow(tab: string, type: NodeType): void {
  const current = tabOf(tab)
  if (!current) return
  const chosen = current.document.nodes[current.selection[0] ?? '']?.at
  const all = Object.values(current.document.nodes).map(({ at }) => at ?? [0, 0])
  const at: [number, number] = chosen
    ? [chosen[0] + 270, chosen[1]]
    : [Math.max(0, ...all.map(([x]) => x + 270)), Math.min(...all.map(([, y]) => y), 0)]
  const id = newNodeId(current.document, type.type)
  edit(tab, `Add ${type.title}`, document => addNode(document, id, { type: type.type, at }))
  select(tab, [id])
}
