const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'

export const RELATIONS = `xmlns:r="${OFFICE}"`
export const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

/** A file of relations: `rId1` is the first pair of a kind and a target. */
export function relations(pairs: readonly (readonly [kind: string, target: string])[]): string {
  const rows = pairs.map(
    ([kind, target], index) => `<Relationship Id="rId${index + 1}" Type="${OFFICE}/${kind}" Target="${target}"/>`,
  )
  return `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${rows.join('')}</Relationships>`
}
