import { defineNode } from '#graph/define.ts'
import { problemsOfRegex, regexOf } from '../language/regex.ts'

export default defineNode({
  title: 'Replace',
  about:
    'Replaces a text, or a regular expression (RE2), by another text. With a regular expression, `$1` and `${name}` stand for its groups.',
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
    if (config.regex || config.ignoreCase) {
      const matcher = regexOf(config.regex ? config : quoted(config)).matcher(text)
      const filled = config.regex ? by : by.replaceAll('$', '$$$$')
      return { outputs: { text: config.all ? matcher.replaceAll(filled) : matcher.replaceFirst(filled) } }
    }
    return {
      outputs: {
        text: config.all ? text.replaceAll(config.pattern, () => by) : text.replace(config.pattern, () => by),
      },
    }
  },
})

function quoted<C extends { pattern: string }>(config: C): C {
  return { ...config, pattern: config.pattern.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') }
}
