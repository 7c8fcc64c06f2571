import { hash, verify } from '@node-rs/argon2'

/** OWASP's parameters for Argon2id: 19 MB, two passes. */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Argon2id with a salt of its own. */
export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize('NFKC'), OPTIONS)
}

/** As long for an account that does not exist as for one that does. */
export async function isPassword(hashed: string | undefined, password: string): Promise<boolean> {
  const right = await verify(hashed || (await dummy()), password.normalize('NFKC'))
  return right && Boolean(hashed)
}

/** A hash that no password is compared with in earnest. */
function dummy(): Promise<string> {
  return Promise.resolve(
    '$argon2id$v=19$m=19456,t=2,p=1$c3BlbGxtZXNoLXNwZWxsbWVzaA$Y3MzOaQbkX1N0i8CYC3nVhqVXyQ1iKHMi5E4s0ZmjJQ',
  )
}
