import type { SpellDocument } from '#graph/document.ts'
import type { Entry } from '#graph/journal.ts'
import type { Json } from '#graph/json.ts'
import { citationsAmong, refersTo } from '../citations/citations.ts'
import type { Citation } from '../citations/citations.ts'
import { mediaOf, textInWords } from '../media/media.ts'

/** Something that was said to a spell, or by it. */
export interface Message {
  readonly seq: number
  readonly at: number
  readonly from: 'person' | 'event' | 'spell'
  /** The node that took it, or gave it. */
  readonly node: string
  /** What the source is called from outside; of a reply: empty. */
  readonly name: string
  readonly text: string
  /** In place of the text: a picture or a sound. */
  readonly media?: Json
  /** What the numbers in the text refer to: what was found last before it was said. */
  readonly citations?: readonly Citation[]
}

/** A source that somebody can send something to. */
export interface Listener {
  readonly node: string
  readonly name: string
  readonly kind: 'chat' | 'event'
}

const KINDS: Readonly<Record<string, Listener['kind']>> = { 'source/chat': 'chat', 'source/event': 'event' }

/** The sources of a spell that take messages: chats first, each name once. */
export function listenersOf(document: SpellDocument): readonly Listener[] {
  const all = Object.entries(document.nodes).flatMap(([node, { type, config }]): Listener[] => {
    const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined
    const name = config?.['name']
    return kind ? [{ node, kind, name: typeof name === 'string' && name !== '' ? name : kind }] : []
  })
  return all
    .filter((one, index) => all.findIndex(other => other.name === one.name && other.kind === one.kind) === index)
    .toSorted((a, b) => a.kind.localeCompare(b.kind))
}

/** Types of nodes by which a spell is talked with. */
const TALKING: ReadonlySet<string> = new Set([...Object.keys(KINDS), 'source/microphone', 'chat/reply'])

/** Whether there is anything to show of a conversation. */
export function isTalking(document: SpellDocument): boolean {
  return Object.values(document.nodes).some(({ type }) => TALKING.has(type))
}

/** What was said up to entry `seq`, in order. `typeOf`: the type of a node by its path. */
export function messagesOf(
  entries: readonly Entry[],
  seq: number,
  typeOf: (path: string) => string | undefined,
): readonly Message[] {
  const found: Message[] = []
  let known: readonly Citation[] = []
  for (const entry of entries) {
    if (entry.seq > seq) break
    if (entry.kind !== 'node.emitted' && entry.kind !== 'node.ended') continue
    const type = typeOf(entry.node)
    const { at, node, outputs } = entry
    const fresh = citationsAmong(outputs)
    if (fresh.length > 0) known = fresh
    if (entry.kind === 'node.ended' && type === 'chat/reply') {
      const said = saidWith(outputs['text'])
      const cited = refersTo(said.text, known) ? { citations: known } : {}
      found.push({ seq: entry.seq, at, node, from: 'spell', name: '', ...said, ...cited })
    } else if (entry.kind === 'node.emitted' && type === 'source/chat')
      found.push({ seq: entry.seq, at, node, from: 'person', name: '', ...saidWith(outputs['text']) })
    else if (entry.kind === 'node.emitted' && type === 'source/microphone')
      found.push({ seq: entry.seq, at, node, from: 'person', name: '', ...saidWith(outputs['audio']) })
    else if (entry.kind === 'node.emitted' && type === 'source/event')
      found.push({
        ...{ seq: entry.seq, at, node, from: 'event' },
        ...{ name: textOf(outputs['name']), text: textOf(outputs['value']) },
      })
  }
  return found
}

function saidWith(value: Json | undefined): Pick<Message, 'text' | 'media'> {
  return value !== undefined && mediaOf(value) ? { text: '', media: value } : { text: textOf(value) }
}

function textOf(value: Json | undefined): string {
  return value === undefined ? '' : textInWords(value)
}

/** What somebody typed for an event: JSON, or the text itself. */
export function toMessage(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}
