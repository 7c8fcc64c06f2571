/** The labels that select the pods of one service, or all of the mesh. */
export const PART_OF = { 'app.kubernetes.io/part-of': 'spellmesh' } as const

export function selectorOf(name: string) {
  return { 'app.kubernetes.io/name': name, ...PART_OF }
}

export function metadataOf(name: string) {
  return { name, labels: selectorOf(name) }
}

/** What a trial brings with it, and no policy of the mesh selects. */
export function groundSelectorOf(name: string) {
  return { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'spellmesh-ground' }
}
