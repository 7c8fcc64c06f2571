import type { Block } from '../parsing/parser.ts'

const BULLET = /^[•◦▪▫●○■□‣⁃∙·\uf0b7\uf0a7*–—-]\s+(?=\S)/
const NUMBER = /^\(?(\d{1,3}|[a-z])[.)]\s+(?=\S)/

/** Tells which lines start an item. Numbers do when they count: `12. June` at the start of a line does not. */
export function createMarkers(): (text: string) => boolean {
  let last = ''
  return text => {
    if (BULLET.test(text)) return true
    const number = NUMBER.exec(text)?.[1]
    if (number === undefined || (number !== '1' && number !== 'a' && number !== following(last))) return false
    last = number
    return true
  }
}

function following(number: string): string {
  if (number === '') return ''
  return /\d/.test(number) ? String(Number(number) + 1) : String.fromCharCode(number.charCodeAt(0) + 1)
}

/** A list: an item a line, set in as its lines are. */
export function listBlock(items: readonly { readonly x: number; readonly text: string }[]): Block {
  const places: number[] = []
  for (const x of items.map(item => item.x).toSorted((a, b) => a - b)) {
    if (x - (places.at(-1) ?? -Infinity) > 6) places.push(x)
  }
  const lines = items.map(({ x, text }) => {
    const level = Math.max(
      0,
      places.findLastIndex(place => place <= x + 1),
    )
    return `${'  '.repeat(Math.min(level, 5))}${text.replace(BULLET, '- ')}`
  })
  return { kind: 'list', text: lines.join('\n') }
}
