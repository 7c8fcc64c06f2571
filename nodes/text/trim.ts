import { defineNode } from '#graph/define.ts'

export default defineNode({
  title: 'Trim text',
  about: 'Takes white space, or the characters that you name, off the ends of a text.',
  icon: 'brush-cleaning',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      sides: { type: 'string', title: 'At', enum: ['both ends', 'start', 'end'], default: 'both ends' },
      characters: {
        type: 'string',
        title: 'Characters',
        maxLength: 1000,
        default: '',
        description: 'Each of them, in any order; empty: white space',
      },
    },
  },
  inputs: { text: { type: 'string', required: true } },
  outputs: { text: { type: 'string' } },
  run({ text }, { config: { sides, characters } }) {
    const all = Array.from(text)
    const named = new Set(characters)
    const goes = (one: string | undefined) =>
      one !== undefined && (characters === '' ? one.trim() === '' : named.has(one))
    let [from, to] = [0, all.length]
    if (sides !== 'end') while (from < to && goes(all[from])) from++
    if (sides !== 'start') while (to > from && goes(all[to - 1])) to--
    return { outputs: { text: all.slice(from, to).join('') } }
  },
})
