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

const types = read('edge/protocol.ts')
const notifications = [
  ...(/export interface Notifications \{([^]*?)\n\}/.exec(types)?.[1] ?? '').matchAll(/^ {2}'([a-z.]+)'/gm),
].map(match => match[1] ?? '')

test('the protocol is described whole', () => {
  const text = read('docs/protocol.md')
  expect(notifications.length).toBeGreaterThan(5)
  const named = [...Object.keys(SHAPES), ...Object.values(CLOSE).map(String), ...notifications]
  expect(named.filter(one => !text.includes(one))).toEqual([])
})

interface Payload {
  readonly properties: { readonly method?: { const: string }; readonly params: Parameters }
}
interface Parameters {
  readonly properties: object
  readonly required: readonly string[]
}

test('the AsyncAPI document names what sessions answer and tell, and what each method takes', () => {
  const { channels } = JSON.parse(read('docs/asyncapi.json')) as {
    channels: { session: { messages: Record<string, { name: string; payload: Payload }> } }
  }
  const messages = Object.values(channels.session.messages).filter(({ name }) => !name.endsWith(' answer'))
  expect(messages.map(({ name }) => name).toSorted()).toEqual([...Object.keys(SHAPES), ...notifications].toSorted())
  expect(messages.filter(({ name, payload }) => payload.properties.method?.const !== name)).toEqual([])
  for (const { name, payload } of messages.filter(one => Object.hasOwn(SHAPES, one.name))) {
    const { properties, required } = payload.properties.params
    const shape = Object.keys(SHAPES[name as keyof typeof SHAPES])
    expect([name, Object.keys(properties).toSorted()]).toEqual([
      name,
      shape.map(one => one.replace('?', '')).toSorted(),
    ])
    expect([name, required.toSorted()]).toEqual([name, shape.filter(one => !one.endsWith('?')).toSorted()])
  }
})

test('the reference has every setting as it is declared', () => {
  const args = ['--disable-warning=ExperimentalWarning', 'mesh/main.ts', 'describe', '--markdown']
  const printed = execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  expect(printed).toContain('`PORT`')
  expect(read('docs/reference.md')).toContain(printed.trim())
})
