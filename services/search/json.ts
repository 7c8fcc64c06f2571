/** The value of JSON bytes; undefined: there is none, or it is not JSON. */
export function readJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown
  } catch {
    return undefined
  }
}

/** An object's fields; none where it is no object. */
export function readFields(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const value = readJson(bytes)
  return isFields(value) ? value : {}
}

export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
