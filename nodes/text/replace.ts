import { defineNode } from '#graph/define.ts'
import { ignoringCase, problemsOfRegex, regexOf, replaceMatches, replaceTexts } from '../language/regex.ts'

export default defineNode({
  title: 'Replace',
  about:
    'Replaces a text, or a regular expression (RE2), by another text. With a regular expression, `$1` and `${name}` stand for its groups, `$$` for `$`.',
  icon: 'replace',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      pattern: { type: 'string', title: 'Find', default: '' },
      replacement: { type: 'string', title: 'Replace by', default: '' },
      regex: { type: 'boolean', title: 'Regular expression', default: false },
      ignoreCase: { type: 'boolean', title: 'Ignore case', default: false },
      multiline: { type: 'boolean', title: '^ and $ match at lines', default: false },
      all: { type: 'boolean', title: 'All occurrences', default: true },
    },
  },
  inputs: {
    text: { type: 'string', required: true },
    replacement: { type: 'string', about: 'In place of the one in the settings' },
  },
  outputs: { text: { type: 'string' } },
  check: config => (config.regex ? problemsOfRegex(config) : []),
  run({ text, replacement }, { config }) {
    const by = replacement ?? config.replacement
    if (config.pattern === '') return { outputs: { text } }
    if (config.regex) return { outputs: { text: replaceMatches(regexOf(config), text, by, config.all) } }
    if (!config.ignoreCase) return { outputs: { text: replaceTexts(config.pattern, text, by, config.all) } }
    const literal = by.replaceAll('$', '$$$$')
    return { outputs: { text: replaceMatches(ignoringCase(config.pattern), text, literal, config.all) } }
  },
})
