import { defineNode } from '#graph/define.ts'

/** Of a line: what is longer stands beside it, where a large value is kept once. */
const MOST_CHARACTERS = 4_000

export default defineNode({
  title: 'Log',
  about: 'Writes a line to the console.',
  icon: 'terminal',
  kind: 'action',
  effect: 'pure',
  config: {
    type: 'object',
    properties: {
      label: { type: 'string', title: 'Label', default: '' },
      level: { type: 'string', title: 'Level', enum: ['debug', 'info', 'warn', 'error'], default: 'info' },
    },
  },
  inputs: { value: { type: 'any', about: 'What is shown' } },
  flow: { in: ['in'], out: ['out'] },
  run({ value }, { config, log }) {
    const { label, level } = config
    const shown = value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
    const isLong = shown.length > MOST_CHARACTERS
    const line = isLong ? `${shown.slice(0, MOST_CHARACTERS).toWellFormed()}…` : shown
    const text = [label, line].filter(Boolean).join(': ')
    if (value !== undefined && (isLong || (typeof value === 'object' && value !== null))) log(level, text, value)
    else log(level, text)
  },
})
