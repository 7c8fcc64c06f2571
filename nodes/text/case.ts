import { defineNode } from '#graph/define.ts'

const STYLES = [
  'upper case',
  'lower case',
  'Title Case',
  'Sentence case',
  'camelCase',
  'PascalCase',
  'kebab-case',
  'snake_case',
] as const

export default defineNode({
  title: 'Change case',
  about:
    'Writes a text in capital or small letters, or as a name: `camelCase`, `kebab-case`. The same in every language and place.',
  icon: 'case-sensitive',
  kind: 'pure',
  config: {
    type: 'object',
    properties: { style: { type: 'string', title: 'As', enum: STYLES, default: 'upper case' } },
  },
  inputs: { text: { type: 'string', required: true } },
  outputs: { text: { type: 'string', about: 'Of a name, all but letters and digits is left out' } },
  run: ({ text }, { config }) => ({ outputs: { text: inStyle(text, config.style) } }),
})

function inStyle(text: string, style: (typeof STYLES)[number]): string {
  switch (style) {
    case 'upper case':
      return text.toUpperCase()
    case 'lower case':
      return text.toLowerCase()
    case 'Title Case':
      return text.toLowerCase().replace(/[\p{L}\p{N}][\p{L}\p{N}\p{M}'’]*/gu, capital)
    case 'Sentence case':
      return sentences(text.toLowerCase())
    case 'camelCase':
      return wordsOf(text)
        .map((word, index) => (index === 0 ? word : capital(word)))
        .join('')
    case 'PascalCase':
      return wordsOf(text).map(capital).join('')
    case 'kebab-case':
      return wordsOf(text).join('-')
    case 'snake_case':
      return wordsOf(text).join('_')
  }
}

/** One pass: a regular expression would go over what stands between sentences again and again. */
function sentences(text: string): string {
  let begins = true
  let ended = false
  return Array.from(text, one => {
    const counts = /[\p{L}\p{N}]/u.test(one)
    const written = counts && begins ? one.toUpperCase() : one
    if (counts) begins = false
    else if (ended && /\s/.test(one)) begins = true
    ended = /[.!?…]/.test(one) || (ended && /["'”’)\]]/.test(one))
    return written
  }).join('')
}

/** The words of a text or a name, in small letters: `parseHTMLPage2` has parse, html and page2. */
function wordsOf(text: string): readonly string[] {
  const parted = text
    .replace(/['’]/g, '')
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
  return (parted.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []).map(word => word.toLowerCase())
}

function capital(word: string): string {
  const [first = ''] = word
  return first.toUpperCase() + word.slice(first.length)
}
