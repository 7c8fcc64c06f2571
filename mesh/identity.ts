/** Who makes a call: a user, through a service. */
export interface Identity {
  /** The user's id; `''`: nobody, the service itself. */
  readonly user: string
  /** The calling service's name; `edge` for people. */
  readonly service: string
}

/** Signs and verifies identity tokens (JWT, EdDSA, at most 10 minutes) with keys that all processes of the mesh share through the database. */
export interface Identities {
  /** A token for a call or for a person. `audience`: `mesh` for calls between services, `access` for people's access tokens. */
  sign(
    identity: Identity,
    options: { audience: 'mesh' | 'access'; lifeMs: number; claims?: Record<string, string | number> },
  ): Promise<string>
  /** Rejects with an UNAUTHENTICATED error for anything but a valid token of this audience. Verified tokens are remembered until they expire; `claims.exp` tells when, in seconds. */
  verify(token: string, audience: 'mesh' | 'access'): Promise<Identity & { claims: Record<string, unknown> }>
  /** The public keys as a JSON Web Key Set. */
  jwks(): Promise<{ keys: object[] }>
}
