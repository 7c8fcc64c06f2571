import { invalid, unavailable } from '#mesh/errors.ts'

/**
 * A vector of length 1. One that is longer than what is asked for is cut: that keeps most of what a model says that is trained for it (Matryoshka embeddings),
 * and less of others. INVALID_ARGUMENT: it is shorter. UNAVAILABLE: it has no direction.
 */
export function toUnit(
  given: readonly number[] | Float32Array,
  { id, dimensions = given.length }: { readonly id: string; readonly dimensions?: number | undefined },
): Float32Array {
  if (given.length < dimensions)
    throw invalid([
      {
        path: 'dimensions',
        message: `"${id}" has ${given.length} dimensions: expected at most as many, got ${dimensions}`,
      },
    ])
  const cut = given.slice(0, dimensions)
  let squares = 0
  for (const value of cut) squares += value * value
  const length = Math.sqrt(squares)
  if (!(length > 0 && length < Infinity)) throw unavailable(`"${id}" gave a vector that has no direction`)
  return Float32Array.from(cut, value => value / length)
}

/** As it is kept: 32 bits a number, the lowest byte first. */
export function toBytes(vector: Float32Array): Uint8Array {
  const bytes = new Uint8Array(vector.length * 4)
  const view = new DataView(bytes.buffer)
  vector.forEach((value, index) => view.setFloat32(index * 4, value, true))
  return bytes
}

/** Undefined: these are not a vector's. */
export function fromBytes(bytes: Uint8Array): Float32Array | undefined {
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(index * 4, true))
}
