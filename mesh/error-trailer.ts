import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import { CodedError } from './errors.ts'
import type { Code, ErrorParts } from './errors.ts'

// Measured with @grpc/grpc-js 1.14: one header line may be 64 KB, and all of them about 128 KB, in base64.
const PIECE_BYTES = 30_000
const LIMIT_BYTES = 90_000
const COMPRESS_FROM_BYTES = 4_000
const KEPT_PROBLEMS = 100
const STATUS_TEXT_LIMIT = 1_000

/**
 * The JSON of an error, in pieces that fit into a trailer. What is long is compressed with a window that finds two versions of one document
 * to be alike. Details that do not fit even so are left out.
 */
export function encodeError(error: CodedError): Uint8Array[] {
  const { message, problems, details, reason } = error
  const whole = pack({ message, problems, details, reason })
  const packed =
    whole.length <= LIMIT_BYTES
      ? whole
      : pack({ message: toStatusText(message), problems: problems.slice(0, KEPT_PROBLEMS), reason })
  return Array.from({ length: Math.ceil(packed.length / PIECE_BYTES) }, (_, index) =>
    packed.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES),
  )
}

/** The error that {@link encodeError} encoded; without pieces, or with some that are not ours, just code and message. */
export function decodeError(code: Code, message: string, pieces: readonly Uint8Array[] = []): CodedError {
  if (pieces.length === 0) return new CodedError(code, message)
  try {
    const packed = Buffer.concat(pieces)
    const json =
      packed[0] === OPENING_BRACE ? packed : brotliDecompressSync(packed, { maxOutputLength: UNPACKED_LIMIT_BYTES })
    const parts = JSON.parse(json.toString('utf8')) as ErrorParts & { message: string }
    return new CodedError(code, parts.message, parts)
  } catch {
    return new CodedError(code, message)
  }
}

/** As much of a message as the status itself carries. */
export function toStatusText(message: string): string {
  return message.length <= STATUS_TEXT_LIMIT ? message : `${message.slice(0, STATUS_TEXT_LIMIT)}…`
}

const OPENING_BRACE = 0x7b
const UNPACKED_LIMIT_BYTES = 16 * 1024 * 1024

function pack(parts: object): Buffer {
  const json = Buffer.from(JSON.stringify(parts))
  if (json.length < COMPRESS_FROM_BYTES) return json
  return brotliCompressSync(json, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 5,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: json.length,
    },
  })
}
