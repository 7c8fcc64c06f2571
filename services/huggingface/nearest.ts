/** The names most like this one, most alike first: by pairs of letters that they share (Dice's coefficient), of the part behind the owner above all. */
export function nearestNames(name: string, names: readonly string[], most = 5): readonly string[] {
  const wanted = [pairsOf(bareOf(name)), pairsOf(name)] as const
  return names
    .map(one => ({ one, score: alike(wanted[0], pairsOf(bareOf(one))) + alike(wanted[1], pairsOf(one)) / 4 }))
    .filter(({ score }) => score > 0.3)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ one }) => one)
}

const bareOf = (name: string): string => name.slice(name.indexOf('/') + 1)

function pairsOf(name: string): ReadonlySet<string> {
  const letters = ` ${name.toLowerCase()} `
  return new Set(Array.from({ length: letters.length - 1 }, (_, index) => letters.slice(index, index + 2)))
}

function alike(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  return (2 * a.intersection(b).size) / (a.size + b.size)
}
