import { connect } from 'node:http2'
import { integer, readSettings } from './settings.ts'
import type { SettingsSource } from './settings.ts'

const LIMIT_MS = 4_000
/** The defaults of the host and of the edge, without loading either: this runs every few seconds. */
const PORTS = {
  PORT: integer('port of the edge', 8080, { max: 65_535 }),
  GRPC_PORT: integer('port of gRPC', 9090, { max: 65_535 }),
}

/**
 * Asks the process on this computer whether it lives: over HTTP where it answers people, over gRPC where it answers services. Resolves with what is
 * wrong; empty: whatever listens is well. For health checks of containers, where `PORT` and `GRPC_PORT` are those of the process.
 */
export async function probeHealth(source: SettingsSource): Promise<readonly string[]> {
  const problems: string[] = []
  const { PORT, GRPC_PORT } = readSettings(PORTS, source, problem => void problems.push(problem))
  if (problems.length > 0) return problems
  const answers = await Promise.all([askHttp(PORT || 8080), askGrpc(GRPC_PORT || 9090)])
  const heard = answers.filter(answer => answer !== undefined)
  if (heard.length === 0) return [`nothing listens at ${PORT || 8080} or ${GRPC_PORT || 9090}`]
  return heard.filter(answer => answer !== '')
}

/** Undefined: nobody listens there. Empty: well. */
type Answer = string | undefined

async function askHttp(port: number): Promise<Answer> {
  try {
    const reply = await fetch(`http://127.0.0.1:${port}/livez`, { signal: AbortSignal.timeout(LIMIT_MS) })
    await reply.body?.cancel()
    return reply.ok ? '' : `/livez answered ${reply.status}`
  } catch (error) {
    return isRefused(error) ? undefined : `/livez: ${textOf(error)}`
  }
}

/** One call of grpc.health.v1.Health/Check for the whole process, without a gRPC library: those take longer to load than to answer. */
function askGrpc(port: number): Promise<Answer> {
  return new Promise(resolve => {
    const session = connect(`http://127.0.0.1:${port}`)
    const end = (answer: Answer) => {
      session.destroy()
      resolve(answer)
    }
    const fail = (error: unknown) => end(isRefused(error) ? undefined : `gRPC: ${textOf(error)}`)
    session.on('error', fail)
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const chunks: Buffer[] = []
    let status = ''
    stream.on('response', headers => (status = String(headers['grpc-status'] ?? '')))
    stream.on('trailers', trailers => (status = String(trailers['grpc-status'] ?? status)))
    stream.on('data', (chunk: Buffer) => void chunks.push(chunk))
    stream.on('error', fail)
    stream.on('end', () => setImmediate(() => end(toAnswer(status, Buffer.concat(chunks)))))
    stream.setTimeout(LIMIT_MS, () => end(`gRPC: no answer within ${LIMIT_MS} ms`))
    // An empty message: a byte for "not compressed", four for its length.
    stream.end(Buffer.alloc(5))
  })
}

/** A message of five bytes of head, then field 1 as a number: 1 is SERVING. */
function toAnswer(status: string, body: Buffer): string {
  if (status !== '0') return `gRPC answered with status ${status || 'none'}`
  const serving = body[5] === 8 && body[6] === 1
  return serving ? '' : 'gRPC: it is not serving'
}

interface Failure {
  readonly code?: unknown
  readonly message?: unknown
  readonly cause?: unknown
}

function isRefused(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { code, cause } = error as Failure
  return code === 'ECONNREFUSED' || isRefused(cause)
}

/** fetch tells why in the cause. */
function textOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const { message, cause } = error as Failure
  return cause === undefined ? String(message) : `${String(message)}: ${textOf(cause)}`
}
