import type { ProviderPart } from '../provider.ts'

const OPEN = '<think>'
const CLOSE = '</think>'

/** Tells thoughts from words, where a model puts them between `<think>` and `</think>` at the beginning of its answer, however the stream is cut. */
export function createThinkSplitter() {
  let state: 'before' | 'thinking' | 'after' | 'said' = 'before'
  let held = ''
  const step = (): ProviderPart | undefined => {
    if (state === 'before') {
      const text = held.trimStart()
      if (OPEN.startsWith(text)) return undefined
      const isThought = text.startsWith(OPEN)
      if (isThought) held = text.slice(OPEN.length)
      state = isThought ? 'thinking' : 'said'
      return held === '' ? undefined : step()
    }
    if (state === 'thinking') {
      const end = held.indexOf(CLOSE)
      const reasoning = end >= 0 ? held.slice(0, end) : held.slice(0, held.length - overlap(held, CLOSE))
      held = held.slice(end >= 0 ? end + CLOSE.length : reasoning.length)
      if (end >= 0) state = 'after'
      return reasoning === '' ? undefined : { reasoning }
    }
    if (state === 'after') {
      // The line breaks between thoughts and answer belong to neither.
      held = held.trimStart()
      if (held !== '') state = 'said'
    }
    const text = held
    held = ''
    return text === '' ? undefined : { text }
  }
  return {
    *take(text: string): Generator<ProviderPart> {
      held += text
      for (;;) {
        const before = `${state} ${held}`
        const part = step()
        if (part) yield part
        if (held === '' || `${state} ${held}` === before) return
      }
    },
    /** What was held back because it could have been the beginning of a tag. */
    *end(): Generator<ProviderPart> {
      if (held !== '') yield state === 'thinking' ? { reasoning: held } : { text: held }
      held = ''
    },
  }
}

/** How many letters at the end of a text could begin a tag. */
function overlap(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--)
    if (text.endsWith(tag.slice(0, length))) return length
  return 0
}
