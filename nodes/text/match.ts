import { defineNode } from '#graph/define.ts'
import { problemsOfRegex, regexOf } from '../language/regex.ts'

export default defineNode({
  title: 'Match',
  about: 'Looks for a regular expression (RE2 syntax, linear time: no look-around, no back-references).',
  icon: 'regex',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      pattern: { type: 'string', title: 'Pattern', format: 'regex', default: '' },
      ignoreCase: { type: 'boolean', title: 'Ignore case', default: false },
      multiline: { type: 'boolean', title: '^ and $ match at lines', default: false },
    },
  },
  inputs: { text: { type: 'string', required: true } },
  outputs: {
    found: { type: 'boolean', about: 'Whether it occurs' },
    match: { type: 'string', about: 'The first occurrence, or an empty text' },
    groups: { type: 'array', about: 'Its groups; null for one that took no part' },
    named: { type: 'object', about: 'Its named groups' },
    all: { type: 'array<string>', about: 'All occurrences, at most 10,000' },
  },
  check: problemsOfRegex,
  run({ text }, { config }) {
    const regex = regexOf(config)
    const matcher = regex.matcher(text)
    if (!matcher.find()) return { outputs: { found: false, match: '', groups: [], named: {}, all: [] } }
    const match = matcher.group(0) ?? ''
    const groups = Array.from({ length: matcher.groupCount() }, (_, index) => matcher.group(index + 1))
    const named = Object.fromEntries(
      Object.entries(regex.namedGroups()).map(([name, index]) => [name, groups[index - 1] ?? null]),
    )
    const all = [match]
    while (all.length < MOST && matcher.find()) all.push(matcher.group(0) ?? '')
    return { outputs: { found: true, match, groups, named, all } }
  },
})

const MOST = 10_000
