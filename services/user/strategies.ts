import type { Strategy } from 'passport'
import { Strategy as BearerStrategy } from 'passport-http-bearer'
import { Strategy as LocalStrategy } from 'passport-local'

/** Who a request proves to be, by one of passport's strategies. Undefined: nobody. Rejects where the strategy itself fails. */
export type Authenticate<User> = (request: {
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}) => Promise<User | undefined>

/** E-mail and password. */
export function createPasswordStrategy<User>(
  check: (email: string, password: string) => Promise<User | undefined>,
): Authenticate<User> {
  return adapt(
    new LocalStrategy({ usernameField: 'email', passwordField: 'password' }, (email, password, done) => {
      check(email, password).then(user => done(null, user ?? false), done)
    }),
  )
}

/** `Authorization: Bearer …`. */
export function createBearerStrategy<User>(check: (token: string) => Promise<User | undefined>): Authenticate<User> {
  return adapt(
    new BearerStrategy((token, done) => {
      check(token).then(user => done(null, user ?? false), done)
    }),
  )
}

/** Runs a strategy without Express: passport gives it these actions, and one of them is called in the end. */
function adapt<User>(strategy: Strategy): Authenticate<User> {
  return request =>
    new Promise((resolve, reject) => {
      const acting = Object.create(strategy) as { authenticate(request: object, options: object): void }
      Object.assign(acting, {
        success: (user: User) => resolve(user),
        fail: () => resolve(undefined),
        pass: () => resolve(undefined),
        redirect: (url: string) => reject(new Error(`the strategy redirects to ${url}`)),
        error: (error: unknown) => reject(error),
      })
      acting.authenticate({ headers: {}, body: {}, query: {}, ...request }, {})
    })
}
