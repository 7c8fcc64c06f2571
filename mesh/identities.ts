import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from 'jose'
import type { CryptoKey, JWK } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Database } from './database.ts'
import { unauthenticated } from './errors.ts'
import type { Identities, Identity } from './identity.ts'
import { prepare } from './migrate.ts'

const ISSUER = 'spellmesh'
const ALGORITHM = 'EdDSA'
const LONGEST_MS = 600_000

/** Opens the identities of the mesh that this database belongs to. The first process makes the key pair. */
export async function openIdentities(database: Database): Promise<Identities> {
  const keys = await readKeys(database)
  const verified = new LRUCache<string, Verified>({ max: 10_000 })
  return {
    sign(identity, { audience, lifeMs, claims = {} }) {
      const now = Date.now()
      return new SignJWT({ ...claims, svc: identity.service })
        .setProtectedHeader({ alg: ALGORITHM, kid: keys.id })
        .setIssuer(ISSUER)
        .setAudience(audience)
        .setSubject(identity.user)
        .setIssuedAt(Math.floor(now / 1000))
        .setExpirationTime(Math.ceil((now + Math.min(lifeMs, LONGEST_MS)) / 1000))
        .sign(keys.signing)
    },
    async verify(token, audience) {
      const key = `${audience} ${token}`
      const known = verified.get(key)
      if (known) return known
      const found = await check(token, audience, keys)
      verified.set(key, found.verified, { ttl: Math.max(found.expiresAt - Date.now(), 1) })
      return found.verified
    },
    jwks: () => Promise.resolve({ keys: [keys.published] }),
  }
}

type Verified = Identity & { readonly claims: Record<string, unknown> }

interface Keys {
  readonly id: string
  readonly signing: CryptoKey
  readonly verifying: CryptoKey
  readonly published: JWK
}

async function check(token: string, audience: string, keys: Keys): Promise<{ verified: Verified; expiresAt: number }> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys.verifying, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience,
      requiredClaims: ['sub', 'exp', 'svc'],
    })
    if (protectedHeader.kid !== keys.id) throw new Error(`unknown key "${protectedHeader.kid ?? ''}"`)
    const { sub = '', svc, ...claims } = payload
    const exp = payload.exp ?? 0
    return { verified: { user: sub, service: String(svc), claims }, expiresAt: exp * 1000 }
  } catch (error) {
    throw unauthenticated('the token is not valid or has expired', { cause: error })
  }
}

async function readKeys(database: Database): Promise<Keys> {
  await prepare(database)
  const row = (await selectKeys(database)) ?? (await createKeys(database))
  return {
    id: row.kid,
    signing: await importKey(row.private_key),
    verifying: await importKey(row.public_key),
    published: { ...row.public_key, kid: row.kid, alg: ALGORITHM, use: 'sig' },
  }
}

interface KeyRow {
  readonly kid: string
  readonly private_key: JWK
  readonly public_key: JWK
}

async function selectKeys(database: Database): Promise<KeyRow | undefined> {
  const rows = await database.transaction(session =>
    session.query<KeyRow>("select kid, private_key, public_key from mesh.keys where purpose = 'identity'"),
  )
  return rows[0]
}

/** Several processes may try at once: one row wins, and all read that one. */
async function createKeys(database: Database): Promise<KeyRow> {
  const pair = await generateKeyPair(ALGORITHM, { crv: 'Ed25519', extractable: true })
  const [privateKey, publicKey] = await Promise.all([exportJWK(pair.privateKey), exportJWK(pair.publicKey)])
  const kid = await calculateJwkThumbprint(publicKey)
  await database.transaction(session =>
    session.query(
      "insert into mesh.keys (purpose, kid, private_key, public_key) values ('identity', $1, $2, $3) on conflict (purpose) do nothing",
      [kid, JSON.stringify(privateKey), JSON.stringify(publicKey)],
    ),
  )
  const row = await selectKeys(database)
  if (!row) throw new Error('the identity key was not stored')
  return row
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, ALGORITHM)
  if (key instanceof Uint8Array) throw new Error('the stored identity key is not an Ed25519 key')
  return key
}
