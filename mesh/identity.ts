/** Who makes a call: a user, through a service. */
export interface Identity {
  /** The user's id; `''`: nobody, the service itself. */
  readonly user: string
  /** The calling service's name; `edge` for people. */
  readonly service: string
}

/** What a token is good for: nothing else takes it. */
export type Audience = 'mesh' | 'access' | 'secrets'

/** Signs and verifies identity tokens (JWT, EdDSA, at most 10 minutes) with keys that all processes of the mesh share through the database. */
export interface Identities {
  /**
   * A token for a call, for a person, or for a run. `audience`: `mesh` for calls between services, `access` for people's access tokens, `secrets` for what opens
   * a user's secrets to the nodes of a run (claim `run`).
   */
  sign(
    identity: Identity,
    options: { audience: Audience; lifeMs: number; claims?: Record<string, string | number> },
  ): Promise<string>
  /** Rejects with an UNAUTHENTICATED error for anything but a valid token of this audience. Verified tokens are remembered until they expire; `claims.exp` tells when, in seconds. */
  verify(token: string, audience: Audience): Promise<Identity & { claims: Record<string, unknown> }>
  /** The public keys as a JSON Web Key Set. */
  jwks(): Promise<{ keys: object[] }>
}
