import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const root = fileURLToPath(new URL('../', import.meta.url))
const UNITS = ['graph', 'nodes', 'importers', 'mesh', 'services', 'edge', 'client', 'tools']
/** Run by Jest alone, which rewrites what Node 22 does not know. */
const OF_TESTS = /\.(?:test|suite)\.ts$|^mesh\/testing\.ts$/

test('what Node runs as it is has no syntax that Node 22 lacks', async () => {
  const files = await Promise.all(
    UNITS.map(async unit => (await readdir(root + unit, { recursive: true })).map(name => `${unit}/${name}`)),
  )
  const sources = files.flat().filter(name => name.endsWith('.ts') && !OF_TESTS.test(name))
  expect(sources.length).toBeGreaterThan(300)
  const using = await Promise.all(
    sources.map(async name => ({ name, has: /^\s*(?:await )?using \w+ =/m.test(await readFile(root + name, 'utf8')) })),
  )
  expect(using.filter(({ has }) => has).map(({ name }) => name)).toEqual([])
})
