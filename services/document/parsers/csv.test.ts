import { expect, test } from '@jest/globals'
import csv from './csv.ts'
import { parseBytes } from './parse-bytes.suite.ts'

const read = (words: string) => parseBytes(csv, Buffer.from(words))
const rowsOf = async (words: string) =>
  (await read(words)).blocks.flatMap(block => (block.kind === 'table' ? block.text.split('\n') : []))

test.each([[','], [';'], ['\t'], ['|']])('finds out that %j is between the cells', async mark => {
  const lines = [
    ['name', 'price'],
    ['"Rope, long; 5\t|m"', '3'],
    ['Sail', '20'],
  ]
    .map(cells => cells.join(mark))
    .join('\r\n')
  expect((await read(lines)).blocks).toEqual([
    { kind: 'table', text: 'name | price\nRope, long; 5 |m | 3\nSail | 20', head: 'name | price' },
  ])
})

test('cells may have line ends and quotes; a first row of figures is no head; rows may be of any length', async () => {
  expect((await read('1,"a\n""b"""\n2,c,d\n\n3\n')).blocks).toEqual([
    { kind: 'table', text: '1 | a "b"\n2 | c | d\n3' },
  ])
})

test('a first line that tells the mark is no row', async () => {
  expect(await rowsOf('sep=;\na;b\n1;2,5\n')).toEqual(['a | b', '1 | 2,5'])
})

test('after a quote that is never closed, quotes are letters', async () => {
  const many = Array.from({ length: 60_000 }, (_, row) => `${row},words of it and more`).join('\n')
  const { blocks, notices } = await read(`id,text\n1,"fine\nhere"\n2,"never closed\n${many}\n`)
  const rows = blocks.flatMap(block => (block.kind === 'table' ? block.text.split('\n') : []))
  expect(rows.slice(0, 4)).toEqual(['id | text', '1 | fine here', '2 | "never closed', '0 | words of it and more'])
  expect(rows).toHaveLength(60_003)
  expect(notices).toEqual([
    'after line 3 a quote is never closed, or a row is longer than 1 MB: from there on quotes are letters',
  ])
  expect(await rowsOf('a,b\n1,"open')).toEqual(['a | b', '1 | "open'])
})

test('a row more at the beginning changes the blocks near it only', async () => {
  const rows = Array.from({ length: 3000 }, (_, row) => `${row},customer ${row * 7},city ${row % 13}`)
  const blocksOf = async (all: readonly string[]) =>
    (await read(['id,name,city', ...all].join('\n'))).blocks.map(block => JSON.stringify(block))
  const before = new Set(await blocksOf(rows))
  expect(before.size).toBeGreaterThan(50)
  const after = await blocksOf(['9999,customer new,city 1', ...rows])
  expect(after.filter(block => !before.has(block))).toHaveLength(1)
})
