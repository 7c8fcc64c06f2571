import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { input, output, START, thoth } from '#importers/kit.suite.ts'
import importer from '#importers/thoth.ts'
import type { Shell } from './shell.suite.ts'
import { openShell } from './shell.suite.ts'

let shell: Shell
beforeAll(async () => {
  shell = await openShell()
})
afterAll(async () => shell[Symbol.asyncDispose]())

const foreign = thoth({ 1: START, 2: input('a', { defaultValue: 1 }), 3: output('b') }, [
  [1, 'trigger', 3, 'trigger'],
  [2, 'output', 3, 'input'],
])

test('an imported spell goes back as it came, and with what was changed', async () => {
  const { document } = importer.convert(foreign)
  await shell.write('same.json', document)
  const same = await shell.run('export', 'same.json')
  expect([same.status, JSON.parse(same.out)]).toEqual([0, foreign])
  expect(same.err).not.toContain('not in there')
  await shell.write('changed.json', { ...document, name: 'Changed', description: 'new' })
  const changed = await shell.run('export', 'changed.json', '--format', 'thoth')
  expect([changed.status, JSON.parse(changed.out)]).toEqual([1, { ...foreign, name: 'Changed' }])
  expect(changed.err).toContain('not in there: description: there is no place in the original for "new"\n')
})

test('what was not imported has no way back', async () => {
  const { origin: _, ...drawn } = importer.convert(foreign).document
  await shell.write('drawn.json', drawn)
  const { status, out, err } = await shell.run('export', 'drawn.json')
  expect([status, out]).toEqual([2, ''])
  expect(err).toContain('origin: the spell was not imported: there is no way back\n')
  expect((await shell.run('export')).status).toBe(2)
})
