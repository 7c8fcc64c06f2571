import { RE2JS } from 're2js'

export interface RegexConfig {
  readonly pattern: string
  readonly ignoreCase: boolean
  readonly multiline: boolean
}

const compiled = new WeakMap<object, RE2JS>()

/** Compiles a pattern for RE2's linear-time engine, once for as long as its config lives. Throws where it is not one. */
export function regexOf(config: RegexConfig): RE2JS {
  const known = compiled.get(config)
  if (known) return known
  const flags = (config.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (config.multiline ? RE2JS.MULTILINE : 0)
  const regex = RE2JS.compile(config.pattern, flags)
  compiled.set(config, regex)
  return regex
}

/** What is wrong with a pattern. */
export function problemsOfRegex(config: RegexConfig): { path: string; message: string }[] {
  try {
    regexOf(config)
    return []
  } catch (error) {
    return [
      {
        path: 'pattern',
        message: `is not a regular expression (RE2): ${error instanceof Error ? error.message : String(error)}`,
      },
    ]
  }
}
