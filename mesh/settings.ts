/** One declared setting. */
export interface Setting<T> {
  readonly kind: 'text' | 'integer' | 'flag' | 'choice' | 'secret'
  readonly about: string
  readonly fallback: T
  /** Reads the environment variable's text; returns undefined and reports through `refuse` when it is not right. */
  parse(text: string): { value: T } | { problem: string }
}
export type SettingsDeclaration = Readonly<Record<string, Setting<any>>>
export type SettingsOf<S extends SettingsDeclaration> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never }

/** A text setting. */
export function text(about: string, fallback = ''): Setting<string> {
  return { kind: 'text', about, fallback, parse: value => ({ value }) }
}
/** A whole number. */
export function integer(about: string, fallback: number, range: { min?: number; max?: number } = {}): Setting<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = range
  return {
    kind: 'integer', about, fallback,
    parse: given => {
      const value = Number(given)
      return /^-?\d+$/.test(given) && value >= min && value <= max ? { value } : { problem: `"${given}" is not a whole number from ${min} to ${max}` }
    },
  }
}
/** Yes or no: `1`, `true`, `yes` or `0`, `false`, `no`. */
export function flag(about: string, fallback: boolean): Setting<boolean> {
  return {
    kind: 'flag', about, fallback,
    parse: given => /^(1|true|yes)$/i.test(given) ? { value: true } : /^(0|false|no)$/i.test(given) ? { value: false } : { problem: `"${given}" is neither yes nor no` },
  }
}
/** One of several words. */
export function choice<const T extends string>(about: string, options: readonly T[], fallback: T): Setting<T> {
  return {
    kind: 'choice', about, fallback,
    parse: given => {
      const value = options.find(one => one === given)
      return value === undefined ? { problem: `"${given}" is none of ${options.join(', ')}` } : { value }
    },
  }
}
/** A text that is never logged nor printed. */
export function secret(about: string): Setting<string> {
  return { ...text(about), kind: 'secret' }
}
