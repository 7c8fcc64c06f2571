import { secret } from './settings.ts'
import type { Setting } from './settings.ts'

/** A bucket of something that speaks S3. */
export interface Bucket {
  /** Of the bucket itself, without a slash at its end: `https://host/bucket`. */
  readonly url: string
  /** In front of all names: empty, or ending in a slash. */
  readonly prefix: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const FORM = 's3://key:secret@host[:port]/bucket[/prefix][?region=eu-central-1&tls=no]'

/** The setting that names a bucket; what is special in key or secret is percent-encoded. */
export function bucketUrl(): Setting<string> {
  return {
    ...secret(
      `bucket for files, ${FORM}: path-style, over TLS unless told otherwise; none: files in DATA_DIR/blobs, or where DATABASE_URL is set in that database`,
    ),
    parse: given => {
      try {
        parseBucketUrl(given)
        return { value: given }
      } catch (error) {
        return { problem: error instanceof Error ? error.message : String(error) }
      }
    },
  }
}

/** Reads such a URL. Throws with what is wrong, without quoting it. */
export function parseBucketUrl(given: string): Bucket {
  const url = URL.parse(given.replace(/^s3:/, 'http:'))
  const fail = (what: string) => new Error(`${what}: expected ${FORM}`)
  if (!url || !given.startsWith('s3://')) throw fail('is not the URL of a bucket')
  if (!url.username || !url.password) throw fail('has no key and secret')
  const [bucket = '', ...prefix] = url.pathname.split('/').filter(Boolean)
  if (!/^[a-z0-9][a-z0-9.-]{1,62}$/.test(bucket)) throw fail('has no name of a bucket')
  if (!prefix.every(part => /^[A-Za-z0-9_-]+$/.test(part))) throw fail('has a prefix of other than A-Z a-z 0-9 _ -')
  const tls = url.searchParams.get('tls') ?? 'yes'
  if (tls !== 'yes' && tls !== 'no') throw fail('has a tls that is neither yes nor no')
  const unknown = [...url.searchParams.keys()].filter(key => key !== 'tls' && key !== 'region')
  if (unknown.length > 0 || url.hash) throw fail('has more than region and tls behind the bucket')
  return {
    url: `${tls === 'yes' ? 'https' : 'http'}://${hostOf(given, url)}/${bucket}`,
    prefix: prefix.map(part => `${part}/`).join(''),
    region: url.searchParams.get('region') ?? 'us-east-1',
    accessKeyId: decoded(url.username, fail),
    secretAccessKey: decoded(url.password, fail),
  }
}

function decoded(text: string, fail: (what: string) => Error): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw fail('has a key or secret that is not percent-encoded')
  }
}

/** With its port: as `http:` a URL forgets 80, which over TLS is not the usual one. */
function hostOf(given: string, url: URL): string {
  return url.port === '' && /^s3:\/\/[^/]*:80(\/|$)/.test(given) ? `${url.hostname}:80` : url.host
}
