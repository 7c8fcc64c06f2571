import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What came in, after its signature was found right. */
export interface Asked {
  readonly method: string
  readonly key: string
  readonly query: ReadonlyMap<string, string>
  readonly headers: IncomingMessage['headers']
}
/** Answers in place of the bucket; false: the bucket is to answer. */
export type Reply = (asked: Asked, response: ServerResponse) => boolean

/** One bucket of a server that speaks as much of S3's REST API as a store of files needs (API version 2006-03-01), and checks signatures by itself. */
export interface S3Server extends AsyncDisposable {
  /** As `BLOB_URL` has it. */
  readonly url: string
  readonly files: ReadonlyMap<string, Buffer>
  /** Uploads in parts that are neither completed nor aborted. */
  readonly uploads: ReadonlyMap<string, ReadonlyMap<number, Buffer>>
  readonly asked: readonly Asked[]
  replyWith(reply: Reply | undefined): void
}

const ACCESS_KEY = 'AKIA/test+key'
const SECRET_KEY = 'secret/of+the=test'
const REGION = 'eu-test-1'
const BUCKET = 'spellmesh-files'
const LEAST_PART = 5 * 1024 * 1024

export async function openS3Server(): Promise<S3Server> {
  const files = new Map<string, Buffer>()
  const uploads = new Map<string, Map<number, Buffer>>()
  const asked: Asked[] = []
  let reply: Reply | undefined
  const server = createServer((request, response) => {
    void readAll(request).then(body => {
      const refusal = checkSignature(request, body)
      if (refusal) return refuse(response, 403, refusal)
      const url = new URL(request.url ?? '', 'http://localhost')
      const [, bucket, ...rest] = decodeURIComponent(url.pathname).split('/')
      const { method = '', headers } = request
      const one = { method, key: rest.join('/'), query: new Map(url.searchParams), headers }
      asked.push(one)
      if (bucket !== BUCKET) return refuse(response, 404, 'NoSuchBucket')
      if (!reply?.(one, response)) answer(one, body, response, files, uploads)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const [key, secret] = [ACCESS_KEY, SECRET_KEY].map(encodeURIComponent)
  return {
    url: `s3://${key}:${secret}@127.0.0.1:${port}/${BUCKET}/in/here?region=${REGION}&tls=no`,
    files,
    uploads,
    asked,
    replyWith: given => void (reply = given),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>of the test</Message></Error>`)
}

const tagOf = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`

function answer(
  asked: Asked,
  body: Buffer,
  response: ServerResponse,
  files: Map<string, Buffer>,
  uploads: Map<string, Map<number, Buffer>>,
): void {
  const { method, key, query } = asked
  const upload = query.get('uploadId')
  if (method === 'POST' && query.has('uploads')) return begin(key, response, uploads)
  if (upload !== undefined) return answerParts(asked, upload, body, response, files, uploads)
  if (method === 'PUT') {
    files.set(key, body)
    return void response.writeHead(200, { etag: tagOf(body) }).end()
  }
  if (method === 'DELETE') {
    files.delete(key)
    return void response.writeHead(204).end()
  }
  const file = files.get(key)
  if (!file) return refuse(response, 404, 'NoSuchKey')
  if (method === 'HEAD') return void response.writeHead(200, { 'content-length': file.length, etag: tagOf(file) }).end()
  if (method === 'GET') return send(asked, file, response)
  refuse(response, 405, 'MethodNotAllowed')
}

function send({ headers }: Asked, file: Buffer, response: ServerResponse): void {
  const tag = tagOf(file)
  if (headers['if-match'] !== undefined && headers['if-match'] !== tag)
    return refuse(response, 412, 'PreconditionFailed')
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? -1)
  const part = from < 0 ? file : file.subarray(from)
  response.writeHead(from < 0 ? 200 : 206, { 'content-length': part.length, etag: tag }).end(part)
}

function begin(key: string, response: ServerResponse, uploads: Map<string, Map<number, Buffer>>): void {
  const id = `upload+${uploads.size}/${Math.random().toString(36).slice(2)}==`
  uploads.set(id, new Map())
  response.end(
    `<?xml version="1.0"?><InitiateMultipartUploadResult><Bucket>${BUCKET}</Bucket><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
  )
}

function answerParts(
  { method, key, query }: Asked,
  id: string,
  body: Buffer,
  response: ServerResponse,
  files: Map<string, Buffer>,
  uploads: Map<string, Map<number, Buffer>>,
): void {
  const parts = uploads.get(id)
  if (!parts) return refuse(response, 404, 'NoSuchUpload')
  if (method === 'PUT') {
    parts.set(Number(query.get('partNumber')), body)
    return void response.writeHead(200, { etag: tagOf(body) }).end()
  }
  if (method === 'DELETE') {
    uploads.delete(id)
    return void response.writeHead(204).end()
  }
  const listed = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]+)<\/ETag>/g)]
  const chosen = listed.map(([, number, tag]) => ({ bytes: parts.get(Number(number)), tag }))
  if (chosen.some(({ bytes, tag }) => !bytes || tagOf(bytes) !== tag)) return refuse(response, 400, 'InvalidPart')
  const bytes = chosen.flatMap(part => part.bytes ?? [])
  if (bytes.slice(0, -1).some(part => part.length < LEAST_PART)) return refuse(response, 400, 'EntityTooSmall')
  const whole = Buffer.concat(bytes)
  files.set(key, whole)
  uploads.delete(id)
  response.end(
    `<CompleteMultipartUploadResult><ETag>${tagOf(whole).replaceAll('"', '&quot;')}</ETag></CompleteMultipartUploadResult>`,
  )
}

/** AWS Signature Version 4 as its specification says it, written anew: the code of an error, or nothing. */
function checkSignature(request: IncomingMessage, body: Buffer): string | undefined {
  const given =
    /^AWS4-HMAC-SHA256 Credential=(.+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    )
  if (!given) return 'AccessDenied'
  const [, key = '', day = '', region = '', names = '', signature = ''] = given
  if (key !== ACCESS_KEY) return 'InvalidAccessKeyId'
  if (region !== REGION) return 'AuthorizationHeaderMalformed'
  const hash = createHash('sha256').update(body).digest('hex')
  if (request.headers['x-amz-content-sha256'] !== hash) return 'XAmzContentSHA256Mismatch'
  const moment = String(request.headers['x-amz-date'] ?? '')
  const sentAt = Date.parse(moment.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!moment.startsWith(day) || !(Math.abs(Date.now() - sentAt) < 900_000)) return 'RequestTimeTooSkewed'
  const signed = names.split(';')
  if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every(name => signed.includes(name))) return 'AccessDenied'
  const url = new URL(request.url ?? '', 'http://localhost')
  const query = [...url.searchParams].map(pair => pair.map(encode).join('=')).toSorted()
  const canonical = [
    request.method,
    decodeURIComponent(url.pathname).split('/').map(encode).join('/'),
    query.join('&'),
    ...signed.map(
      name =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replace(/\s+/g, ' ')}`,
    ),
    '',
    names,
    hash,
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', moment, scope, createHash('sha256').update(canonical).digest('hex')].join('\n')
  const signingKey = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${SECRET_KEY}`)
  const expected = Buffer.from(hmac(signingKey, toSign).toString('hex'))
  return timingSafeEqual(expected, Buffer.from(signature)) ? undefined : 'SignatureDoesNotMatch'
}

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
