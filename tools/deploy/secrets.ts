import { randomBytes } from 'node:crypto'
import type { ISecret } from 'kubernetes-models/v1/Secret'
import { metadataOf } from './labels.ts'
import { passwordOf } from './mesh.ts'
import type { Deployed } from './mesh.ts'

/** Everything that the overlay "small" refers to, with new passwords at each call. */
export function renderSecrets(services: readonly Deployed[]): readonly ISecret[] {
  // NATS reads a text that begins with a digit as a number.
  const password = () => `p${randomBytes(24).toString('hex')}`
  const database = password()
  const url = `postgres://spellmesh:${database}@postgres:5432/spellmesh`
  const known = services.map(({ name }) => ({ name, password: password() }))
  return [
    secret('postgres', { POSTGRES_PASSWORD: database }),
    secret('nats', Object.fromEntries(known.map(one => [passwordOf(one.name), one.password]))),
    secret('migrate', { DATABASE_URL: url }),
    ...known.map(one =>
      secret(one.name, { DATABASE_URL: url, NATS_URL: `nats://${one.name}:${one.password}@nats:4222` }),
    ),
  ]
}

function secret(name: string, stringData: Record<string, string>): ISecret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...metadataOf(name), namespace: 'spellmesh' },
    type: 'Opaque',
    stringData,
  }
}
