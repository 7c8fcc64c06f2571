// What the documents say that a program can check.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { SHAPES } from '#edge/methods.ts'
import { CLOSE } from '#edge/protocol.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const pages = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter(
  path => path.endsWith('.md') && !/(^|\/)(node_modules|gen|data|\.[^/]*)\//.test(path),
)

test.each(pages)('every link in %s leads somewhere', page => {
  const text = read(page).replace(/```[^]*?```/g, '')
  const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(match => match[1] ?? '')
    .filter(to => !/^https?:/.test(to))
  expect(links.filter(to => !existsSync(join(ROOT, dirname(page), to)))).toEqual([])
})

test('the protocol is described whole', () => {
  const text = read('docs/protocol.md')
  const missing = [...Object.keys(SHAPES), ...Object.values(CLOSE).map(String)].filter(one => !text.includes(one))
  expect(missing).toEqual([])
  const types = read('edge/protocol.ts')
  const notifications = /export interface Notifications \{([^]*?)\n\}/.exec(types)?.[1] ?? ''
  const names = [...notifications.matchAll(/^ {2}'([a-z.]+)'/gm)].map(match => match[1] ?? '')
  expect(names.length).toBeGreaterThan(5)
  expect(names.filter(one => !text.includes(`\`${one}\``))).toEqual([])
})

test('the reference has every setting as it is declared', () => {
  const args = ['--disable-warning=ExperimentalWarning', 'mesh/main.ts', 'describe', '--markdown']
  const printed = execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  expect(printed).toContain('`PORT`')
  expect(read('docs/reference.md')).toContain(printed.trim())
})
