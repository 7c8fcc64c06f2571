import { expect, test } from '@jest/globals'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { chromium } from 'playwright-core'
import type { RunRecord } from '#edge/protocol.ts'
import type { Entry } from '#graph/journal.ts'
import { memoryStore } from './index.ts'
import type { JournalStore } from './types.ts'
import { journalOf, runRecord } from './wire.suite.ts'

type Kept = readonly { readonly run: RunRecord; readonly entries: readonly Entry[] }[]

const KEPT: Kept = [
  ...[1, 2, 3].map(at => ({ run: runRecord(`r${at}`, { startedAt: at }), entries: journalOf(`r${at}`, 3) })),
  { run: runRecord('other', { startedAt: 4, spellId: 't' }), entries: journalOf('other', 3) },
]

/** What any store that keeps three runs does with these four; it is also run inside a page, so it uses nothing around it. */
async function exercise(store: JournalStore, kept: Kept) {
  for (const { run, entries } of kept) await store.put(run, entries)
  const listed = await store.list('s')
  return {
    listed: listed.map(({ id }) => id),
    oldest: (await store.get('r1')) === undefined,
    second: await store.get('r2'),
  }
}
const EXPECTED = { listed: ['r3', 'r2'], oldest: true, second: KEPT[1] }

test('a memory store keeps the latest runs, and lists those of a spell, the latest first', async () => {
  expect(await exercise(memoryStore(3), KEPT)).toEqual(EXPECTED)
})

const BROWSER = '/usr/bin/chromium'

const inBrowser = existsSync(BROWSER) ? test : test.skip

inBrowser(
  'an IndexedDB store does the same in a browser, and still has it after the page was loaded again',
  checkInPage,
)

async function checkInPage(): Promise<void> {
  const { found, reloaded } = await exerciseInPage()
  expect(found).toEqual(EXPECTED)
  expect(reloaded).toEqual(KEPT[2])
}

async function exerciseInPage(): Promise<{ found: unknown; reloaded: unknown }> {
  const sources: Record<string, string> = {
    '/': '<script type="importmap">{"imports":{"idb":"/idb.js"}}</script>',
    '/idb.js': await readFile(new URL('../node_modules/idb/build/index.js', import.meta.url), 'utf8'),
    '/stores.js': stripTypeScriptTypes(await readFile(new URL('stores.ts', import.meta.url), 'utf8')),
  }
  const server = createServer(({ url = '/' }, response) => {
    const type = url.endsWith('.js') ? 'text/javascript' : 'text/html'
    response.writeHead(200, { 'content-type': type }).end(sources[url] ?? '')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const opened = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox'] })
  try {
    const page = await opened.newPage()
    const store = `(await import('/stores.js')).indexedDbStore('test', 3)`
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const found = await page.evaluate(`(async () => (${exercise.toString()})(${store}, ${JSON.stringify(KEPT)}))()`)
    await page.reload()
    return { found, reloaded: await page.evaluate(`(async () => (${store}).get('r3'))()`) }
  } finally {
    await opened.close()
    await new Promise(resolve => server.close(resolve))
  }
}
