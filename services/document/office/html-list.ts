/** Lists as their elements come: an item a line, set in by two blanks a level. */
export interface HtmlLists {
  /** Whether one is open. */
  isOpen(): boolean
  open(ordered: boolean): void
  openItem(): void
  /** An item's text ends, or a list within it starts. */
  item(text: string): void
  /** Returns all of it when the outermost one ends. */
  close(): string
}

export function createHtmlLists(): HtmlLists {
  const open: { readonly ordered: boolean; count: number }[] = []
  let lines: string[] = []
  return {
    isOpen: () => open.length > 0,
    open(ordered) {
      open.push({ ordered, count: 0 })
    },
    openItem() {
      const list = open.at(-1)
      if (list) list.count += 1
    },
    item(text) {
      const list = open.at(-1)
      if (text === '' || !list) return
      lines.push(`${'  '.repeat(open.length - 1)}${list.ordered ? `${list.count}.` : '-'} ${text}`)
    },
    close() {
      open.pop()
      if (open.length > 0) return ''
      const text = lines.join('\n')
      lines = []
      return text
    },
  }
}
