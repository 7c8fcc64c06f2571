import { RE2JS } from 're2js'
import { createText } from './text.ts'

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

/** What finds a text in small and capital letters. */
export function ignoringCase(text: string): RE2JS {
  return RE2JS.compile(RE2JS.quote(text), RE2JS.CASE_INSENSITIVE)
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

/** The text with the first match, or all of them, replaced. `$1` and `${name}` stand for groups, `$$` for `$`; all else for itself. */
export function replaceMatches(regex: RE2JS, text: string, replacement: string, all: boolean): string {
  const names = new Map(Object.entries(regex.namedGroups()))
  const pieces = readReplacement(replacement, regex.groupCount(), names)
  const matcher = regex.matcher(text)
  const filled = createText()
  let at = 0
  while (matcher.find()) {
    filled.add(text.slice(at, matcher.start()))
    for (const piece of pieces) filled.add(typeof piece === 'string' ? piece : (matcher.group(piece) ?? ''))
    at = matcher.end()
    if (!all) break
  }
  filled.add(text.slice(at))
  return filled.text()
}

/** The text with the first occurrence, or all of them, replaced as they stand. */
export function replaceTexts(find: string, text: string, replacement: string, all: boolean): string {
  const filled = createText()
  let at = 0
  for (let found = text.indexOf(find); found >= 0; found = all ? text.indexOf(find, at) : -1) {
    filled.add(text.slice(at, found))
    filled.add(replacement)
    at = found + find.length
  }
  filled.add(text.slice(at))
  return filled.text()
}

/** Texts and numbers of groups. */
function readReplacement(
  replacement: string,
  groups: number,
  names: ReadonlyMap<string, number>,
): readonly (string | number)[] {
  return replacement.split(/(\$\$|\$\d\d?|\$\{\w+\})/).flatMap(piece => {
    if (piece === '$$') return ['$']
    const name = /^\$\{(\w+)\}$/.exec(piece)?.[1]
    if (name !== undefined) return [names.get(name) ?? piece]
    const digits = /^\$(\d\d?)$/.exec(piece)?.[1]
    if (digits === undefined) return [piece]
    if (Number(digits) <= groups) return [Number(digits)]
    const first = Number(digits.charAt(0))
    return digits.length === 2 && first <= groups ? [first, digits.charAt(1)] : [piece]
  })
}
