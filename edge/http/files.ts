import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { createHash } from 'node:crypto'

/** The editor's files, as they were built, kept in memory. */
export interface Files {
  /** The reply for a path; undefined: there is no such file. */
  reply(path: string, request: Request): Promise<Response | undefined>
}

const FOLDER = new URL('../../gen/editor/', import.meta.url)
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
}
/** Nothing but its own: no other origin's script, frame or form. */
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

interface Known {
  readonly type: string
  readonly tag: string
  readonly body: Buffer
  /** By encoding, made when first asked for. */
  readonly packed: Map<string, Promise<Buffer>>
}

/** Reads the editor. Where it was not built, one page says how that is done. */
export async function readFiles(): Promise<Files> {
  const files = await readAll()
  return {
    async reply(path, request) {
      const name = path === '/' || path.startsWith('/s/') ? 'index.html' : path.slice(1)
      const file = files.get(name)
      if (!file) return name === 'index.html' ? notBuilt() : undefined
      const headers = headersOf(name, file)
      if (request.headers.get('if-none-match') === file.tag) return new Response(null, { status: 304, headers })
      const encoding = choose(request.headers.get('accept-encoding') ?? '', file)
      const body = encoding ? await pack(file, encoding) : file.body
      return new Response(request.method === 'HEAD' ? null : (body as Uint8Array<ArrayBuffer>), {
        headers: { ...headers, ...(encoding ? { 'content-encoding': encoding } : {}) },
      })
    },
  }
}

async function readAll(): Promise<ReadonlyMap<string, Known>> {
  const names = await readdir(FOLDER, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = names.filter(one => one.isFile()).map(one => `${one.parentPath}/${one.name}`)
  const read = await Promise.all(
    files.map(async file => {
      const body = await readFile(file)
      const name = file.replaceAll('\\', '/').slice(decodeURIComponent(FOLDER.pathname).length)
      const tag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
      return [
        name.replace(/^\//, ''),
        { type: TYPES[extname(name)] ?? 'application/octet-stream', tag, body, packed: new Map() },
      ] as const
    }),
  )
  return new Map(read)
}

function headersOf(name: string, { type, tag }: Known): Record<string, string> {
  return {
    'content-type': type,
    etag: tag,
    vary: 'accept-encoding',
    // Names of built files carry a hash of what is in them.
    'cache-control': name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    ...(name === 'index.html'
      ? { 'content-security-policy': POLICY, 'referrer-policy': 'same-origin', 'x-frame-options': 'DENY' }
      : {}),
  }
}

function choose(accepted: string, { body, type }: Known): 'br' | 'gzip' | undefined {
  if (body.length < 1000 || /^(?:image\/png|font)/.test(type)) return undefined
  return /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : undefined
}

function pack({ body, packed }: Known, encoding: 'br' | 'gzip'): Promise<Buffer> {
  const known = packed.get(encoding)
  if (known) return known
  const made =
    encoding === 'br'
      ? promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
      : promisify(gzip)(body)
  packed.set(encoding, made)
  return made
}

function notBuilt(): Response {
  return new Response(
    '<!doctype html><title>Spellmesh</title><p>The editor is not built: run <code>npm start</code>, which does it.',
    { status: 503, headers: { 'content-type': 'text/html; charset=utf-8' } },
  )
}
