/** Finds what is registered for a subject: exact subjects by a map, patterns with `*` and `>` by a trie of tokens. */
export class SubjectIndex<T> {
  readonly #exact = new Map<string, readonly T[]>()
  readonly #root: Branch<T> = emptyBranch()
  #patterns = 0

  add(pattern: string, item: T): void {
    if (!isPattern(pattern)) {
      this.#exact.set(pattern, [...(this.#exact.get(pattern) ?? []), item])
      return
    }
    this.#patterns += 1
    let branch = this.#root
    for (const token of pattern.split('.')) {
      const next = branch.next.get(token) ?? emptyBranch<T>()
      branch.next.set(token, next)
      branch = next
    }
    branch.items = [...branch.items, item]
  }

  remove(pattern: string, item: T): void {
    if (isPattern(pattern)) {
      this.#patterns -= 1
      removeFrom(this.#root, pattern.split('.'), 0, item)
      return
    }
    const left = (this.#exact.get(pattern) ?? []).filter(one => one !== item)
    if (left.length > 0) this.#exact.set(pattern, left)
    else this.#exact.delete(pattern)
  }

  /** Everything that matches. The list is never changed afterwards. */
  match(subject: string): readonly T[] {
    const exact = this.#exact.get(subject)
    if (this.#patterns === 0) return exact ?? []
    const found: T[] = exact ? [...exact] : []
    collect(this.#root, subject.split('.'), 0, found)
    return found
  }
}

interface Branch<T> {
  readonly next: Map<string, Branch<T>>
  items: readonly T[]
}

function emptyBranch<T>(): Branch<T> {
  return { next: new Map(), items: [] }
}

function isPattern(pattern: string): boolean {
  return pattern.includes('*') || pattern.endsWith('>')
}

function collect<T>(branch: Branch<T>, tokens: readonly string[], at: number, found: T[]): void {
  const token = tokens[at]
  if (token === undefined) {
    found.push(...branch.items)
    return
  }
  const rest = branch.next.get('>')
  if (rest) found.push(...rest.items)
  const any = branch.next.get('*')
  if (any) collect(any, tokens, at + 1, found)
  const same = branch.next.get(token)
  if (same && token !== '*' && token !== '>') collect(same, tokens, at + 1, found)
}

function removeFrom<T>(branch: Branch<T>, tokens: readonly string[], at: number, item: T): void {
  const token = tokens[at]
  if (token === undefined) {
    branch.items = branch.items.filter(one => one !== item)
    return
  }
  const next = branch.next.get(token)
  if (!next) return
  removeFrom(next, tokens, at + 1, item)
  if (next.items.length === 0 && next.next.size === 0) branch.next.delete(token)
}
