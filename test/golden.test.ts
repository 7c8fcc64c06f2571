// The same spells leave the same journals in Node and in a browser.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { chromium } from 'playwright-core'
import type { NodeDefinition } from '#graph/define.ts'
import type { TerminalEntry } from '#graph/journal.ts'
import { createRegistry } from '#graph/registry.ts'
import { discoverRecord } from '#mesh/discover.ts'
import type { NodeExample } from '#nodes/example.ts'
import { playGolden } from './golden/play.ts'

const NODES = new URL('../nodes/', import.meta.url)
const BROWSER = '/usr/bin/chromium'
const names = readdirSync(NODES, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.example.json'))
  .map(path => path.replaceAll('\\', '/').replace('.example.json', ''))
  .toSorted()
const exampleOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`${name}.example.json`, NODES), 'utf8')) as NodeExample

async function inNode(): Promise<Record<string, string>> {
  const registry = createRegistry(await discoverRecord<NodeDefinition>(NODES, /^[a-z-]+\/[a-z-]+\.ts$/))
  const journals: Record<string, string> = {}
  for (const name of names) journals[name] = await playGolden(registry, exampleOf(name))
  return journals
}

async function inChromium(): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'spellmesh-golden-'))
  execFileSync(process.execPath, [fileURLToPath(new URL('golden/build.ts', import.meta.url)), folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const server = createServer(({ url = '/' }, response) => {
    const file = join(folder, url.replaceAll('..', ''))
    const isScript = url.endsWith('.js') && existsSync(file)
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
    response.end(isScript ? readFileSync(file) : '<title>golden</title>')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    return await page.evaluate(`(async () => (await import('/page.js')).play(${JSON.stringify(names)}))()`)
  } finally {
    await browser.close()
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The code of the failure that a journal ends with; undefined: it does not end with one. */
function failureOf(journal = ''): string | undefined {
  const last = JSON.parse(journal.slice(journal.lastIndexOf('\n') + 1)) as TerminalEntry
  return last.kind === 'run.failed' ? last.error.code : undefined
}

async function compare(): Promise<void> {
  const [here, there] = [await inNode(), await inChromium()]
  expect(Object.keys(there)).toEqual(names)
  const lines = (journals: Record<string, string>, name: string) => ({ name, journal: journals[name]?.split('\n') })
  for (const name of names) expect(lines(there, name)).toEqual(lines(here, name))
  // Those that need a model, a sandbox or the web fail in both, in the same words; all others come to their end.
  const failures = names.flatMap(name => failureOf(here[name]) ?? [])
  expect(new Set(failures)).toEqual(new Set(['UNAVAILABLE']))
  expect(names.length - failures.length).toBeGreaterThan(60)
}

const hasBrowser = existsSync(BROWSER)
const inBrowser = hasBrowser ? test : test.skip
inBrowser(
  `every example leaves the same journal in Node and in Chromium${hasBrowser ? '' : ' (skipped: no Chromium)'}`,
  compare,
  120_000,
)
