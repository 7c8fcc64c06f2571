import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Count text',
  about: 'Counts the characters, words and lines of a text.',
  icon: 'hash',
  kind: 'pure',
  inputs: { text: { type: 'string', required: true } },
  outputs: {
    characters: { type: 'number', about: 'Unicode code points: an emoji is one or several' },
    words: { type: 'number', about: 'Stretches without white space' },
    lines: { type: 'number', about: 'A line break at the end begins no further line' },
  },
  run: ({ text }) => ({
    outputs: {
      characters: Array.from(text).length,
      words: text.match(/\S+/g)?.length ?? 0,
      lines: text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g)?.length ?? 0,
    },
  }),
})
