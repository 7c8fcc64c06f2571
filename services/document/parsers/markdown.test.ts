import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import markdown from './markdown.ts'
import { parseBytes } from './parse-bytes.suite.ts'

const read = (words: string) => parseBytes(markdown, Buffer.from(words))
const FILE = `---
title: "The Lighthouse"
tags: [sea]
---
# The *Light*house

It stands on a [rock](https://example.org/rock), built in \`1822\`.
Nobody lives there.

## Keepers ##

| Name | Years |
|------|------:|
| Ann  | 1822–1840 |
| **Ben** | 1841 |

1. light it
2. watch
   - the \`lens\`
   - the sea

> Storms are [frequent][s].

[s]: https://example.org

\`\`\`sh
# not a heading

lamp --on
\`\`\`
Setext
------
Plain words
go on.
`

test('keeps headings, tables, lists and code; marks, links and front matter are left out', async () => {
  const { blocks, title, notices } = await read(FILE)
  expect(blocks).toEqual([
    { kind: 'heading', level: 1, text: 'The Lighthouse' },
    { kind: 'text', text: 'It stands on a rock, built in 1822.\nNobody lives there.' },
    { kind: 'heading', level: 2, text: 'Keepers' },
    { kind: 'table', text: 'Name | Years\nAnn | 1822–1840\nBen | 1841', head: 'Name | Years' },
    { kind: 'list', text: '1. light it\n2. watch\n  - the lens\n  - the sea' },
    { kind: 'text', text: 'Storms are frequent.' },
    { kind: 'code', text: '# not a heading\n\nlamp --on' },
    { kind: 'heading', level: 2, text: 'Setext' },
    { kind: 'text', text: 'Plain words\ngo on.' },
  ])
  expect(title).toBe('The Lighthouse')
  expect(notices).toEqual([])
})

test('a list with blank lines between its items is one list', async () => {
  expect((await read('- one\n\n- two\n\n  more of two\n\nWords.\n')).blocks).toEqual([
    { kind: 'list', text: '- one\n- two\n  more of two' },
    { kind: 'text', text: 'Words.' },
  ])
})

test('what is large is read by the look of its lines, to the same end', async () => {
  const part =
    '## Part\n\nSome *words* with a [link](https://example.org) and `code`.\n\n- an **item**\n- another\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n'
  const { blocks } = await read(part.repeat(2500))
  expect(blocks.slice(-4)).toEqual(blocks.slice(0, 4))
  expect(blocks.slice(0, 4)).toEqual([
    { kind: 'heading', level: 2, text: 'Part' },
    { kind: 'text', text: 'Some words with a link and code.' },
    { kind: 'list', text: '- an item\n- another' },
    { kind: 'table', text: 'a | b\n1 | 2', head: 'a | b' },
  ])
  expect(blocks).toHaveLength(10_000)
})

test.each([
  '[',
  '*a **b ',
  '`',
  '>',
  '![',
  '<',
  '[a](',
  '- ',
  '~a~~b',
  '<!--',
  '\\',
  '&#',
  '- x\n',
  '```\n',
  '| a ',
  '[^1]: ',
])('a file of nothing but %j ends in time', async mark => {
  const { blocks } = await read(mark.repeat(60_000 / mark.length))
  expect(Array.isArray(blocks)).toBe(true)
})

test('whatever the file is, blocks come out', async () => {
  const line = fc.constantFrom(
    '# a',
    '```',
    '~~~',
    '- x',
    '  - y',
    '> q',
    '| a | b |',
    '|---|---|',
    '',
    '',
    'words *b* `c`',
    '<div>',
    '<!--',
    '-->',
    '---',
    '[a]: b',
    '    code',
    '1. n',
    '\t',
    '😀',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 40 }), async lines => {
      const { blocks } = await read(lines.join('\n'))
      expect(blocks.every(block => block.kind !== 'page' && typeof block.text === 'string')).toBe(true)
    }),
    { numRuns: 150 },
  )
})
