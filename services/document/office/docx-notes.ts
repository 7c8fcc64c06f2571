import type { Block } from '../parsing/parser.ts'

/** Blocks with their footnotes behind them. Mammoth writes all notes at the end, as items with ids, and links to them with `[1]`. */
export function createNotes() {
  const blocks: { readonly block: Block; readonly notes: readonly string[] }[] = []
  const texts = new Map<string, string>()
  let wanted: string[] = []
  let current = ''
  const order: string[] = []
  let depth = 0
  return {
    add(block: Block): void {
      blocks.push({ block, notes: wanted })
      wanted = []
    },
    /** A link: whether it is one to a note. */
    refers(href: string): boolean {
      const id = noteId(href.slice(1))
      if (!href.startsWith('#') || id === '' || current !== '') return false
      wanted.push(id)
      order.push(id)
      return true
    },
    /** An element opens: whether a note starts with it. */
    opens(name: string, id: string): boolean {
      if (current !== '' && name === 'li') depth += 1
      if (name !== 'li' || noteId(id) === '') return false
      current = id
      depth = 1
      return true
    },
    /** An element closes: whether a note ends with it. */
    closes(name: string): boolean {
      if (current === '' || name !== 'li') return false
      depth -= 1
      return depth === 0
    },
    end(text: string): void {
      texts.set(current, text.replace(/\s*↑$/, ''))
      current = ''
    },
    blocks(): readonly Block[] {
      return blocks.flatMap(({ block, notes }) => [
        block,
        ...notes.map((id): Block => ({ kind: 'text', text: `[${order.indexOf(id) + 1}] ${texts.get(id) ?? ''}` })),
      ])
    },
  }
}

function noteId(id: string): string {
  return /^(foot|end)note-\d+$/.test(id) ? id : ''
}
