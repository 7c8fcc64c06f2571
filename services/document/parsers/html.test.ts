import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import html from './html.ts'
import { parseBytes } from './parse-bytes.suite.ts'

const read = (words: string) => parseBytes(html, Buffer.from(words))

test('keeps headings, lists, tables and code of the main part; scripts, menus and what is hidden are left out', async () => {
  const page = `<!doctype html><html><head><title>Bees &amp; honey</title><style>p{}</style><script>var a = "<p>no</p>"</script></head><body>
    <nav><ul><li>Home</li></ul></nav><p>Cookies?</p>
    <main><h1>Bees</h1><p>They   fly<br>far &mdash; up to <b>5&nbsp;km</b>.</p><p hidden>secret</p><div style="display: none">no</div>
    <ul><li>Worker<ul><li>young</li><li>old</li></ul></li><li>Queen</li></ul><ol start="3"><li>Egg</li><li>Larva</li></ol>
    <table><caption>Yield</caption><thead><tr><th>Year</th><th>kg</th></tr></thead><tr><td>2020</td><td>12</td></tr></table>
    <pre><code>if (bee) {\n  fly()\n}</code></pre><h2>End<br>here</h2>Loose words<div>and more</div></main><footer>Imprint</footer></body></html>`
  const { blocks, title } = await read(page)
  expect(title).toBe('Bees & honey')
  expect(blocks).toEqual([
    { kind: 'heading', level: 1, text: 'Bees' },
    { kind: 'text', text: 'They fly\nfar — up to 5 km.' },
    { kind: 'list', text: '- Worker\n  - young\n  - old\n- Queen' },
    { kind: 'list', text: '3. Egg\n4. Larva' },
    { kind: 'text', text: 'Yield' },
    { kind: 'table', text: 'Year | kg\n2020 | 12', head: 'Year | kg' },
    { kind: 'code', text: 'if (bee) {\n  fly()\n}' },
    { kind: 'heading', level: 2, text: 'End here' },
    { kind: 'text', text: 'Loose words' },
    { kind: 'text', text: 'and more' },
  ])
})

test('without a main part all is read, and tables that only place things are none', async () => {
  const page =
    '<h1>Old page</h1><table><tr><td><h2>Left</h2><p>One</p><td><table><tr><td>a<td>b</table></table>Bye<li>x'
  expect((await read(page)).blocks).toEqual([
    { kind: 'heading', level: 1, text: 'Old page' },
    { kind: 'heading', level: 2, text: 'Left' },
    { kind: 'text', text: 'One' },
    { kind: 'table', text: 'a | b' },
    { kind: 'text', text: 'Bye' },
    { kind: 'text', text: 'x' },
  ])
})

test('a large page is read as it comes: long tables, lists and paragraphs in parts', async () => {
  const page = `<table><tr><th>n</th><th>m</th></tr>${'<tr><td>1</td><td>2</td></tr>'.repeat(150_000)}</table><ul>${'<li>item</li>'.repeat(150_000)}</ul><p>${'word '.repeat(400_000)}</p><pre>${'line\n'.repeat(400_000)}</pre>`
  const { blocks } = await read(page)
  expect(blocks.every(block => block.kind !== 'page' && block.text.length < 200_000)).toBe(true)
  expect(blocks.filter(block => block.kind === 'table').every(block => block.head === 'n | m')).toBe(true)
  const lines = (kind: string) =>
    blocks.flatMap(block => (block.kind !== 'page' && block.kind === kind ? block.text.split('\n') : []))
  expect(lines('table')).toHaveLength(150_001)
  expect(lines('list')).toHaveLength(150_000)
  expect(lines('text').join(' ').split(' ')).toHaveLength(400_000)
  expect(lines('code')).toHaveLength(400_000)
})

test('a page that is nested without end is refused', async () => {
  await expect(read('<div>'.repeat(200_000))).rejects.toMatchObject({
    code: 'BROKEN',
    message: 'the page is nested deeper than 5000 levels',
  })
})

test('whatever the page is, blocks come out', async () => {
  const part = fc.constantFrom(
    '<p>',
    '</p>',
    '<table>',
    '</table>',
    '<tr>',
    '<td>',
    '<th>',
    '<ul>',
    '</ul>',
    '<li>',
    '</li>',
    '<h1>',
    '</h1>',
    '<pre>',
    '</pre>',
    '<main>',
    '</main>',
    '<nav>',
    '</nav>',
    'words',
    ' <br> ',
    '&lt;',
    '<',
    '<!--',
    '-->',
    '<title>',
    '</title>',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 60 }), async parts => {
      const { blocks } = await read(parts.join(''))
      expect(blocks.every(block => block.kind !== 'page' && block.text.trim() !== '')).toBe(true)
    }),
    { numRuns: 300 },
  )
})
