const MOST = 255

/** The name of a file of the web: as its server says, else the last part of its URL, else the host. */
export function nameFrom(url: string, disposition: string): string {
  const { pathname, host } = new URL(url)
  const last = pathname.split('/').findLast(Boolean) ?? ''
  return clean(fromDisposition(disposition)) || clean(decoded(last)) || host
}

/** RFC 6266: the encoded form comes before the plain one. */
function fromDisposition(text: string): string {
  const encoded = /filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(text)?.[1]
  if (encoded !== undefined) return decoded(encoded)
  const plain = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(text)
  return (plain?.[1]?.replace(/\\(.)/g, '$1') ?? plain?.[2] ?? '').trim()
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Only the last part of what may be a path; without what no name has. */
function clean(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  const plain = last.replace(/\p{Cc}/gu, '').trim()
  return plain === '.' || plain === '..' ? '' : Array.from(plain).slice(0, MOST).join('').toWellFormed()
}
