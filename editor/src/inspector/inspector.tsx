import { BookOpen, Copy, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useContext, useId, useMemo, useState } from 'react'
import { checkDocument, splitEnd } from '#graph/check.ts'
import type { NodeType, Schema, Socket } from '#graph/define.ts'
import type { NodeDocument, SpellDocument } from '#graph/document.ts'
import { interfaceOf } from '#graph/interface.ts'
import type { Json } from '#graph/json.ts'
import { withDefaults } from '#graph/schema.ts'
import { TypeIcon } from '../canvas/icon.tsx'
import { colourOf, socketsFor } from '../canvas/types.ts'
import { duplicate } from '../document/duplicate.ts'
import { changeNode, removeNodes, setConfig, setValue, titleOf } from '../document/edits.ts'
import { edit, select, useTab } from '../document/store.ts'
import { MediaField, mediaKindOf } from '../media/media-field.tsx'
import { openExample } from '../palette/examples.ts'
import { registry } from '../registry.ts'
import { useSession } from '../session/context.ts'
import { useNodeActions } from '../steering/use-node-actions.tsx'
import type { Session } from '../session/context.ts'
import { JsonField, SchemaField } from './form.tsx'
import { Policy } from './policy.tsx'
import { ReadOnly } from './read-only.ts'
import { StateFields } from './state-fields.tsx'
import { NodeValues } from './values.tsx'
import './inspector.css'

/** The right of the page: what is selected, or the spell itself. */
export function Inspector({ tab }: { readonly tab: string }): ReactNode {
  const document = useTab(tab, one => one.document)
  const selection = useTab(tab, one => one.selection) ?? []
  if (!document) return null
  const isFixed = useTab(tab, one => one.fixed !== undefined) ?? false
  const [id, ...more] = selection.filter(one => Object.hasOwn(document.nodes, one))
  const node = id === undefined ? undefined : document.nodes[id]
  return (
    <aside className="inspector" data-testid="inspector" aria-label="Inspector">
      <ReadOnly value={isFixed}>
        {id === undefined || !node ? (
          <Unchangeable>
            <SpellInspector tab={tab} document={document} />
          </Unchangeable>
        ) : more.length > 0 ? (
          <ManyInspector tab={tab} ids={[id, ...more]} />
        ) : (
          <NodeInspector key={id} tab={tab} id={id} node={node} document={document} />
        )}
      </ReadOnly>
    </aside>
  )
}

/** Its fields answer nothing where the page is read only. */
function Unchangeable({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <fieldset className="plain" disabled={useContext(ReadOnly)}>
      {children}
    </fieldset>
  )
}

function SpellInspector({ tab, document }: { readonly tab: string; readonly document: SpellDocument }): ReactNode {
  const [name, description] = [useId(), useId()]
  const { inputs, outputs } = interfaceOf(document)
  const problems = useMemo(() => checkDocument(document, registry), [document])
  return (
    <>
      <h2 className="inspector__title">Spell</h2>
      <div className="setting">
        <label htmlFor={name}>Name</label>
        <input
          id={name}
          type="text"
          value={document.name}
          onChange={event => edit(tab, 'Rename spell', one => ({ ...one, name: event.target.value }))}
        />
      </div>
      <div className="setting">
        <label htmlFor={description}>Description</label>
        <textarea
          id={description}
          rows={4}
          value={document.description}
          onChange={event => edit(tab, 'Describe spell', one => ({ ...one, description: event.target.value }))}
        />
      </div>
      <h3>Takes</h3>
      <Ports
        tab={tab}
        ports={inputs.map(input => ({
          name: input.name,
          note: input.default === undefined ? input.type : `${input.type} = ${JSON.stringify(input.default)}`,
          node: input.node,
        }))}
      />
      <h3>Gives</h3>
      <Ports tab={tab} ports={outputs.map(({ name: output, node }) => ({ name: output, note: '', node }))} />
      <StateFields tab={tab} document={document} />
      {problems.length > 0 && (
        <>
          <h3>Keeps it from running</h3>
          <ul className="problems">
            {problems.map(({ path, message, node }, index) => (
              <li key={index}>
                <button onClick={() => node && select(tab, [node])}>
                  <code>{path}</code> {message}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

function Ports({
  tab,
  ports,
}: {
  readonly tab: string
  readonly ports: readonly { name: string; note: string; node: string }[]
}): ReactNode {
  if (ports.length === 0) return <p className="inspector__none">Nothing</p>
  return (
    <ul className="ports">
      {ports.map(({ name, note, node }) => (
        <li key={node}>
          <button onClick={() => select(tab, [node])}>
            <b>{name}</b> <small>{note}</small>
          </button>
        </li>
      ))}
    </ul>
  )
}

function ManyInspector({ tab, ids }: { readonly tab: string; readonly ids: readonly string[] }): ReactNode {
  const isFixed = useContext(ReadOnly)
  return (
    <>
      <h2 className="inspector__title">{ids.length} nodes</h2>
      <div className="inspector__row">
        <button className="button button--small" disabled={isFixed} onClick={() => duplicate(tab)}>
          <Copy size={13} aria-hidden="true" /> Duplicate
        </button>
        <button
          className="button button--small"
          disabled={isFixed}
          onClick={() => edit(tab, 'Delete nodes', one => removeNodes(one, new Set(ids)))}
        >
          <Trash2 size={13} aria-hidden="true" /> Delete
        </button>
      </div>
    </>
  )
}

const PANES = ['settings', 'values', 'about'] as const

function NodeInspector({
  tab,
  id,
  node,
  document,
}: {
  readonly tab: string
  readonly id: string
  readonly node: NodeDocument
  readonly document: SpellDocument
}): ReactNode {
  const isFixed = useContext(ReadOnly)
  const [pane, setPane] = useState<(typeof PANES)[number]>(isFixed ? 'values' : 'settings')
  const type = registry.get(node.type)
  return (
    <>
      <header className={`inspector__head card--g-${node.type.split('/')[0]}`}>
        <span className="card__icon">
          <TypeIcon name={type?.icon} />
        </span>
        <input
          aria-label="Title"
          readOnly={isFixed}
          className="inspector__name"
          placeholder={type?.title ?? node.type}
          value={node.title ?? ''}
          onChange={event =>
            edit(tab, 'Rename node', one =>
              changeNode(one, id, { title: event.target.value || undefined } as Partial<NodeDocument>),
            )
          }
        />
      </header>
      <p className="inspector__type">
        {type ? `${type.title} · ` : ''}
        <code>{id}</code>
      </p>
      <NodeTools page={tab} id={id} />
      <nav className="inspector__panes" role="tablist" aria-label="Inspector sections">
        {PANES.map(one => (
          <button key={one} role="tab" aria-selected={pane === one} onClick={() => setPane(one)}>
            {{ settings: 'Settings', values: 'Values', about: 'About' }[one]}
          </button>
        ))}
      </nav>
      {pane === 'settings' ? (
        <Unchangeable>
          <Settings tab={tab} id={id} node={node} type={type} document={document} />
        </Unchangeable>
      ) : pane === 'values' ? (
        <NodeValues page={tab} id={id} />
      ) : (
        <About node={node} type={type} />
      )}
    </>
  )
}

function NodeTools({ page, id }: { readonly page: string; readonly id: string }): ReactNode {
  const actions = useNodeActions(page, id)
  if (actions.length === 0) return null
  return (
    <div className="inspector__tools">
      {actions.map(({ id: name, name: text, key, icon, isOn, run }) => (
        <button
          key={name}
          className="button button--small"
          data-testid={`tool-${name}`}
          aria-pressed={isOn}
          title={key ? `${text} (${key})` : text}
          onClick={run}
        >
          {icon} {SHORT[name] ?? text}
        </button>
      ))}
    </div>
  )
}

const SHORT: Readonly<Record<string, string>> = {
  into: 'Inside',
  breakpoint: 'Breakpoint',
  from: 'From here',
  pin: 'Pin',
}

function Settings({
  tab,
  id,
  node,
  type,
  document,
}: {
  readonly tab: string
  readonly id: string
  readonly node: NodeDocument
  readonly type: NodeType | undefined
  readonly document: SpellDocument
}): ReactNode {
  const session = useSession()
  const properties = Object.entries(type?.config?.properties ?? {})
  const problems = type?.check?.(withDefaults(node.config ?? {}, type.config)) ?? []
  const sockets = socketsFor(registry, node)
  const wired = new Set(
    document.wires.filter(([, to]) => splitEnd(to).node === id).map(([, to]) => splitEnd(to).socket),
  )
  const free = Object.entries(sockets.inputs).filter(([name, socket]) => !wired.has(name) && !socket.pull)
  const set = (field: string, value: Json | undefined) => {
    edit(tab, `Change ${field}`, one => setConfig(one, id, field, value))
    if (node.type === 'flow/sub-spell' && field === 'spell' && typeof value === 'string')
      void adoptInterface(session, tab, id, value)
  }
  return (
    <>
      {properties.length === 0 && free.length === 0 && <p className="inspector__none">This node has no settings.</p>}
      {properties.map(([name, schema]) => (
        <SchemaField
          key={name}
          name={name}
          schema={schema as Schema}
          value={node.config?.[name]}
          problem={problems.find(({ path }) => path === name || path.startsWith(`${name}[`))?.message}
          onChange={value => set(name, value)}
        />
      ))}
      {free.length > 0 && <h3>Inputs without a wire</h3>}
      {free.map(([name, socket]) => (
        <LiteralField key={name} tab={tab} id={id} name={name} socket={socket} value={node.values?.[name]} />
      ))}
      {type && <Policy tab={tab} id={id} node={node} type={type} />}
    </>
  )
}

/** A spell is stored by one request, of 1 MB at most. */
const MOST_MEDIA = 400_000

function LiteralField({
  tab,
  id,
  name,
  socket,
  value,
}: {
  readonly tab: string
  readonly id: string
  readonly name: string
  readonly socket: Socket
  readonly value: Json | undefined
}): ReactNode {
  const field = useId()
  const set = (next: Json | undefined) => edit(tab, `Set ${name}`, one => setValue(one, id, name, next))
  return (
    <div className="setting">
      <label htmlFor={field}>
        <i className="dot" style={{ background: colourOf(socket.type) }} /> {name}{' '}
        <small>
          {socket.type}
          {socket.required ? ', required' : ''}
        </small>
      </label>
      <MediaField
        name={name}
        kind={mediaKindOf({ name, type: socket.type })}
        value={value}
        most={MOST_MEDIA}
        onChange={set}
      >
        <JsonField
          id={field}
          value={value}
          placeholder={socket.default === undefined ? '' : JSON.stringify(socket.default)}
          onChange={set}
        />
      </MediaField>
      {socket.about && <small>{socket.about}</small>}
    </div>
  )
}

/** Records the interface of the spell that a sub-spell node names: its sockets follow from it. */
async function adoptInterface({ rest }: Session, tab: string, id: string, spell: string): Promise<void> {
  if (spell === '') return
  const { document } = await rest.getSpell(spell)
  if (!document) return
  const { inputs, outputs, starts, exits } = interfaceOf(document as unknown as SpellDocument)
  edit(tab, 'Change spell', one => {
    const config = {
      ...one.nodes[id]?.config,
      spell,
      inputs: inputs.map(({ name }) => name),
      outputs: outputs.map(({ name }) => name),
      starts: starts.map(({ name }) => name).filter(name => name !== 'in'),
      exits: exits.map(({ name }) => name).filter(name => name !== 'out'),
    }
    return changeNode(one, id, { config })
  })
}

function About({ node, type }: { readonly node: NodeDocument; readonly type: NodeType | undefined }): ReactNode {
  const session = useSession()
  if (!type) return <p className="inspector__none">“{node.type}” is not known here. The node is kept as it is.</p>
  const sockets = socketsFor(registry, node)
  const rows = [
    ...Object.entries(sockets.inputs).map(one => ['in', ...one] as const),
    ...Object.entries(sockets.outputs).map(one => ['out', ...one] as const),
  ]
  return (
    <>
      <p className="inspector__about">
        {titleOf({ type: node.type }, registry)}: {type.about.replaceAll('`', '')}
      </p>
      <button
        className="button button--small"
        data-testid="example"
        onClick={() => void openExample(session, node.type)}
      >
        <BookOpen size={13} aria-hidden="true" /> Show me an example
      </button>
      <table className="sockets">
        <tbody>
          {rows.map(([side, name, socket]) => (
            <tr key={`${side}${name}`}>
              <td>{side}</td>
              <th>{name}</th>
              <td>{socket.type}</td>
              <td>{socket.about?.replaceAll('`', '')}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="inspector__type">
        <code>{type.type}</code> · {type.kind}
      </p>
    </>
  )
}
