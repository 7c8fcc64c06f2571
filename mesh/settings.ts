/** One declared setting. */
export interface Setting<T> {
  readonly kind: 'text' | 'integer' | 'ratio' | 'flag' | 'choice' | 'secret'
  readonly about: string
  readonly fallback: T
  /** Reads the environment variable's text; tells what is wrong where it is not right, of secrets without quoting them. */
  parse(text: string): { value: T } | { problem: string }
}
export type SettingsDeclaration = Readonly<Record<string, Setting<any>>>
export type SettingsOf<S extends SettingsDeclaration> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never
}

/** A text setting. */
export function text(about: string, fallback = ''): Setting<string> {
  return { kind: 'text', about, fallback, parse: value => ({ value }) }
}
/** A whole number. */
export function integer(about: string, fallback: number, range: { min?: number; max?: number } = {}): Setting<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = range
  return {
    kind: 'integer',
    about,
    fallback,
    parse: given => {
      const value = Number(given)
      return /^-?\d+$/.test(given) && value >= min && value <= max
        ? { value }
        : { problem: `"${given}" is not a whole number from ${min} to ${max}` }
    },
  }
}
/** A number from 0 to 1. */
export function ratio(about: string, fallback: number): Setting<number> {
  return {
    kind: 'ratio',
    about,
    fallback,
    parse: given => {
      const value = Number(given)
      return /^\d*\.?\d+$/.test(given) && value <= 1 ? { value } : { problem: `"${given}" is not a number from 0 to 1` }
    },
  }
}
/** The URL of a server that speaks HTTP; empty: none. */
export function httpUrl(about: string): Setting<string> {
  return {
    ...text(about),
    parse: given => {
      const protocol = URL.parse(given)?.protocol
      return protocol === 'http:' || protocol === 'https:'
        ? { value: given }
        : { problem: `"${given}" is not a URL with http or https` }
    },
  }
}
/** Yes or no: `1`, `true`, `yes` or `0`, `false`, `no`. */
export function flag(about: string, fallback: boolean): Setting<boolean> {
  return {
    kind: 'flag',
    about,
    fallback,
    parse: given =>
      /^(1|true|yes)$/i.test(given)
        ? { value: true }
        : /^(0|false|no)$/i.test(given)
          ? { value: false }
          : { problem: `"${given}" is neither yes nor no` },
  }
}
/** One of several words. */
export function choice<const T extends string>(about: string, options: readonly T[], fallback: T): Setting<T> {
  return {
    kind: 'choice',
    about,
    fallback,
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

/** The texts that settings are read from: `process.env`, or a test's own. Empty texts count as absent. */
export type SettingsSource = Readonly<Record<string, string | undefined>>

/** A declaration and who declared it, for the messages. */
export interface SettingsOwner {
  readonly owner: string
  readonly settings: SettingsDeclaration
}

/** Reads one declaration. Every problem is reported, as `NAME: what is wrong`; a setting with a problem has its default. */
export function readSettings<S extends SettingsDeclaration>(
  declaration: S,
  source: SettingsSource,
  report: (problem: string) => void,
): SettingsOf<S> {
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(declaration)) {
    const given = source[name]
    values[name] = setting.fallback
    if (given === undefined || given === '') continue
    const parsed = setting.parse(given)
    if ('value' in parsed) values[name] = parsed.value
    else report(`${name}: ${parsed.problem}`)
  }
  return values as SettingsOf<S>
}

/** A line for each setting: name, what it is now or by default, who reads it, what it is for. Secrets without their values. */
export function describeSettings(owners: readonly SettingsOwner[], source: SettingsSource = {}): string {
  const rows = settingRows(owners, source)
  const width = (key: 'name' | 'value' | 'owners') => Math.max(...rows.map(row => row[key].length))
  const [names, values, owned] = [width('name'), width('value'), width('owners')]
  return rows
    .map(row =>
      `${row.name.padEnd(names)}  ${row.value.padEnd(values)}  ${row.owners.padEnd(owned)}  ${row.about}`.trimEnd(),
    )
    .join('\n')
}

/** The same as a Markdown table, with defaults instead of present values. */
export function describeSettingsAsMarkdown(owners: readonly SettingsOwner[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const rows = settingRows(owners, {}).map(
    row =>
      `| \`${row.name}\` | ${row.value ? `\`${cell(row.value)}\`` : ''} | ${cell(row.owners)} | ${cell(row.about)} |`,
  )
  return ['| setting | default | read by | what it is for |', '|---|---|---|---|', ...rows].join('\n')
}

function settingRows(owners: readonly SettingsOwner[], source: SettingsSource) {
  const rows = new Map<string, { name: string; value: string; owners: string; about: string }>()
  for (const { owner, settings } of owners) {
    for (const [name, setting] of Object.entries(settings)) {
      const row = rows.get(name)
      if (row) row.owners += `, ${owner}`
      else rows.set(name, { name, value: shownValue(setting, source[name]), owners: owner, about: setting.about })
    }
  }
  return [...rows.values()]
}

function shownValue(setting: Setting<unknown>, given: string | undefined): string {
  if (setting.kind === 'secret') return given ? '(set)' : ''
  return given || (setting.kind === 'flag' ? (setting.fallback ? 'yes' : 'no') : String(setting.fallback))
}
