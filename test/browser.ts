import { afterAll, afterEach, beforeAll, describe } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import type { SpellRecord } from '#client/index.ts'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser of this machine; undefined: there is none. */
const browserPath = PLACES.find(path => existsSync(path))

/** Starts it. In a container it has no sandbox of its own, and its microphone hums. */
function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath ?? '',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--use-fake-device-for-media-stream'],
  })
}

/** The editor's page as a person uses it. */
export interface Editor {
  readonly page: Page
  readonly context: BrowserContext
  /** What the page reported as its own fault. */
  readonly faults: readonly string[]
  part(testId: string): Locator
  /** A node's card in this state. */
  inState(node: string, state: string): Promise<void>
  /** Waits until the run has ended and was replayed here with the same result. */
  verified(): Promise<void>
  /** Waits until the run has this status. */
  status(status: string): Promise<void>
  /** Calls the API with the page's cookie. */
  api<T>(method: string, path: string, body?: object): Promise<T>
  /** Stores a spell and opens it in a new tab of the page. */
  openSpell(document: object): Promise<SpellRecord>
}

async function openEditor(browser: Browser, url: string): Promise<Editor> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', error => faults.push(error.message))
  await page.goto(url)
  await page.getByTestId('canvas').waitFor()
  const editor: Editor = {
    page,
    context,
    faults,
    part: testId => page.getByTestId(testId),
    inState: async (node, state) =>
      page.locator(`[data-testid="node-${node}"][data-state="${state}"]`).waitFor({ timeout: 15_000 }),
    verified: async () => page.getByTestId('verified').waitFor({ timeout: 20_000 }),
    status: async status =>
      page.locator(`[data-testid="run-status"][data-status="${status}"]`).waitFor({ timeout: 15_000 }),
    api: (method, path, body) => page.evaluate(callApi, { method, path, body }) as Promise<never>,
    async openSpell(document) {
      const { spell } = await editor.api<{ spell: SpellRecord }>('POST', '/v1/spells', { document })
      await page.goto(`${url}/s/${spell.id}`)
      // Until the server has answered, the page shows what was open before.
      await page.getByRole('tab', { name: spell.name, exact: true, selected: true }).waitFor()
      await page.getByTestId('canvas').waitFor()
      return spell
    },
  }
  return editor
}

/** Runs in the page. */
async function callApi({ method, path, body }: { method: string; path: string; body: object | undefined }) {
  const send = { method: 'POST', body: '{}' }
  const { accessToken } = (await (await fetch('/v1/auth/refresh', send)).json()) as { accessToken: string }
  const answer = await fetch(path, {
    method,
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const read = (await answer.json()) as unknown
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(read)}`)
  return read
}

/** A system with a browser in front of it, for tests. */
export interface Stage {
  /** Of the system. */
  readonly url: string
  /** Opens an editor of its own; after the test it is closed, and what the page complained of fails the test. */
  visit(url?: string): Promise<Editor>
}

type Settings = Readonly<Record<string, string>>

/** Tests in a real Chromium against a real system; skipped, by name, where there is none. */
export function inBrowser(tests: (stage: Stage) => void, settingsOf: () => Promise<Settings> = async () => ({})): void {
  const run = browserPath ? describe : describe.skip
  run(`in a browser${browserPath ? '' : ' (skipped: no chromium)'}`, () => {
    let system: TestSystem
    let browser: Browser
    let editors: Editor[] = []
    beforeAll(async () => {
      system = await embedded({ settings: { LOCAL_MODEL_DELAY_MS: '5', ...(await settingsOf()) } })
      browser = await openBrowser()
    }, 60_000)
    afterEach(async () => {
      const faults = editors.flatMap(editor => editor.faults)
      await Promise.all(editors.map(({ context }) => context.close()))
      editors = []
      if (faults.length > 0) throw new Error(`the page reported: ${faults.join('; ')}`)
    })
    afterAll(async () => {
      await browser?.close()
      await system?.stop()
    })
    tests({
      get url() {
        return system.url
      },
      async visit(url = system.url) {
        const editor = await openEditor(browser, url)
        editors.push(editor)
        return editor
      },
    })
  })
}
