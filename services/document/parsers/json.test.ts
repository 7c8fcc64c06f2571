import { expect, test } from '@jest/globals'
import json from './json.ts'
import { parseBytes } from './parse-bytes.suite.ts'

const read = (words: string) => parseBytes(json, Buffer.from(words))

test('values are lines with their path, objects of a list a block each, under its name', async () => {
  const value = {
    shop: 'Harbour',
    open: true,
    none: null,
    address: { city: 'Kiel', lines: ['Quay 1', 'Hall 2'] },
    goods: [{ name: 'rope', sizes: [{ m: 5 }, { m: 10 }] }, { name: 'sail' }],
  }
  expect((await read(JSON.stringify(value))).blocks).toEqual([
    { kind: 'text', text: 'shop: Harbour\nopen: true\naddress.city: Kiel\naddress.lines: Quay 1, Hall 2' },
    { kind: 'heading', level: 1, text: 'goods' },
    { kind: 'text', text: 'name: rope\nsizes[0].m: 5\nsizes[1].m: 10' },
    { kind: 'text', text: 'name: sail' },
  ])
})

test('lines of JSON are a block each; a line that is none is read as text', async () => {
  const { blocks, notices } = await read('{"a":1}\n{"a":2,"b":"x"}\n\n{oops\n[1,2]\n')
  expect(blocks).toEqual([
    { kind: 'text', text: 'a: 1' },
    { kind: 'text', text: 'a: 2\nb: x' },
    { kind: 'text', text: '{oops' },
    { kind: 'text', text: '1, 2' },
  ])
  expect(notices).toEqual(['1 lines are not JSON: they are read as text'])
})

test('what is not JSON is read as text, and told', async () => {
  const { blocks, notices } = await read('{"a": 1,\n\n"b": oops}')
  expect(blocks).toEqual([
    { kind: 'text', text: '{"a": 1,' },
    { kind: 'text', text: '"b": oops}' },
  ])
  expect(notices).toHaveLength(1)
  expect(notices[0]).toMatch(/^the file is read as text, not as JSON: /)
})

test('depth and number of objects are bounded', async () => {
  const deep = await read(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
  expect(deep.notices).toEqual([])
  expect(deep.blocks).toEqual([{ kind: 'text', text: expect.stringMatching(/…$/) }])
  const many = await read(`[${'{},'.repeat(1_100_000)}{}]`)
  expect(many.notices).toEqual(['the file is read as text, not as JSON: it has more than 1000000 objects'])
})
