import { destination, pino, stdSerializers } from 'pino'

/** Structured log: JSON lines, ids not payloads. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Log
}

/** The levels of `LOG_LEVEL`. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const SECRETS = ['password', 'secret', 'token', 'accessToken', 'ticket', 'authorization', 'cookie', 'apiKey', 'session']

export interface LogOptions {
  /** Where lines go; absent: stderr. */
  readonly write?: (line: string) => void
  /** What every line says beside its own fields. */
  readonly fields?: () => object | undefined
}

/** Opens a log of JSON lines. Fields that are named like secrets are left out. */
export function createLog(level: LogLevel, { write, fields }: LogOptions = {}): Log {
  const options = {
    level,
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: stdSerializers.err, cause: stdSerializers.err },
    ...(fields ? { mixin: () => ({ ...fields() }) } : {}),
    redact: { paths: SECRETS.flatMap(name => [name, `*.${name}`]), censor: '[secret]' },
  }
  return pino(options, write ? { write } : destination({ dest: 2, sync: true }))
}
