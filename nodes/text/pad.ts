import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Pad text',
  about: 'Fills a text up to a number of characters. A longer one stays as it is.',
  icon: 'ruler',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      length: { type: 'integer', title: 'Characters', minimum: 0, maximum: 100_000, default: 10 },
      fill: { type: 'string', title: 'Filled with', minLength: 1, maxLength: 100, default: ' ' },
      side: { type: 'string', title: 'At', enum: ['start', 'end', 'both ends'], default: 'start' },
    },
  },
  inputs: { text: { type: 'string', required: true } },
  outputs: { text: { type: 'string' } },
  run({ text }, { config: { length, fill, side } }) {
    const missing = Math.max(0, length - Array.from(text).length)
    const before = side === 'start' ? missing : side === 'end' ? 0 : Math.floor(missing / 2)
    return { outputs: { text: filler(fill, before) + text + filler(fill, missing - before) } }
  },
})

/** So many characters of a text, over and over. */
function filler(fill: string, length: number): string {
  const characters = Array.from(fill)
  return Array.from({ length }, (_, index) => characters[index % characters.length]).join('')
}
