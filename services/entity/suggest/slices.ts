/** A text in pieces of at most `most` UTF-16 units, cut behind paragraphs, else sentences, else words. Together they are the text. */
export function sliceText(text: string, most: number): readonly string[] {
  const slices: string[] = []
  for (let at = 0; at < text.length;) {
    const end = text.length - at <= most ? text.length : cutBehind(text, at, at + most)
    slices.push(text.slice(at, end))
    at = end
  }
  return slices.filter(slice => slice.trim() !== '')
}

const CUTS = [/\n\s*\n/g, /[.!?。！？]\s+|[。！？]|\n/g, /\s+/g]

function cutBehind(text: string, from: number, to: number): number {
  const window = text.slice(from, to)
  for (const cut of CUTS) {
    const last = [...window.matchAll(cut)].findLast(({ index, 0: found }) => index + found.length > window.length / 2)
    if (last) return from + last.index + last[0].length
  }
  // Not between the halves of one character.
  return /[\ud800-\udbff]$/.test(window) ? to - 1 : to
}
