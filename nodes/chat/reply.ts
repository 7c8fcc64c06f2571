import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Reply',
  about: 'Shows a text as the spell’s answer in its chat.',
  icon: 'reply',
  kind: 'action',
  effect: 'pure',
  inputs: { text: { type: 'string', required: true, about: 'The answer, Markdown' } },
  outputs: { text: { type: 'string', about: 'What was answered' } },
  flow: { in: ['in'], out: ['out'] },
  run: ({ text }) => ({ outputs: { text } }),
})
