/** What is compared of a name: no name of ours is longer, and the time grows with the product of both. */
const MOST_CHARACTERS = 200

/** How many letters are to be put in, left out or replaced to make one name of the other: Levenshtein's distance, of their first 200 characters. */
export function distanceOf(one: string, other: string): number {
  const [a, b] = [one.slice(0, MOST_CHARACTERS), other.slice(0, MOST_CHARACTERS)]
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      )
    row = next
  }
  return row[b.length] ?? 0
}
