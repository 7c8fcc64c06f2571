import { expect, test } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import type { RunRecord, SpellRecord } from '#client/index.ts'
import { inBrowser } from './browser.ts'
import { openProxy } from './proxy.ts'

const spell = (name: string, nodes: object, wires: string[][]) => ({ format: 'spell/1', name, nodes, wires })
/** `ms`: how long its first node takes. */
const slow = (name: string, ms = 50) =>
  spell(
    name,
    {
      start: { type: 'flow/start', at: [0, 0] },
      first: { type: 'flow/delay', config: { ms }, at: [240, 0] },
      say: { type: 'text/template', config: { template: 'all the way' }, at: [240, 160] },
      out: { type: 'flow/output', config: { name: 'text' }, at: [520, 0] },
    },
    [
      ['start.out', 'first.in'],
      ['first.out', 'out.in'],
      ['say.text', 'out.value'],
    ],
  )

const greeter = (name: string, ms = 50) =>
  spell(
    name,
    {
      start: { type: 'flow/start', at: [0, 0] },
      who: { type: 'flow/input', config: { name: 'who', type: 'string' }, at: [0, 150] },
      wait: { type: 'flow/delay', config: { ms }, at: [260, 0] },
      say: { type: 'text/template', config: { template: 'Hello {{who}}' }, at: [260, 150] },
      out: { type: 'flow/output', config: { name: 'said' }, at: [520, 0] },
    },
    [
      ['start.out', 'wait.in'],
      ['wait.out', 'out.in'],
      ['who.value', 'say.who'],
      ['say.text', 'out.value'],
    ],
  )
const greetings = (name: string, inner: string) =>
  spell(
    name,
    {
      start: { type: 'flow/start', at: [0, 0] },
      each: { type: 'flow/for-each', values: { list: ['Ada', 'Bob'] }, at: [260, 0] },
      greet: { type: 'flow/sub-spell', config: { spell: inner, inputs: ['who'], outputs: ['said'] }, at: [540, 0] },
      out: { type: 'flow/output', config: { name: 'all' }, at: [540, 240] },
    },
    [
      ['start.out', 'each.in'],
      ['each.each', 'greet.in'],
      ['each.item', 'greet.who'],
      ['greet.said', 'each.result'],
      ['each.done', 'out.in'],
      ['each.items', 'out.value'],
    ],
  )

/** Drops a file onto the page. */
async function drop(page: Page, name: string, text: string): Promise<void> {
  const file = `new File([${JSON.stringify(text)}], ${JSON.stringify(name)}, { type: 'application/json' })`
  const transfer = await page.evaluateHandle(`{
    const made = new DataTransfer()
    made.items.add(${file})
    made
  }`)
  for (const type of ['dragenter', 'dragover', 'drop'])
    await page.dispatchEvent('.workbench', type, { dataTransfer: transfer })
}

inBrowser(stage => {
  const { visit } = stage

  test('a stranger sees a spell that has just run, and goes back and forth in it', async () => {
    const { page, part, inState, verified } = await visit()
    await verified()
    await inState('story', 'done')
    await part('timeline-slider').focus()
    await page.keyboard.press('Home')
    await inState('story', 'idle')
    await page.keyboard.press('End')
    await inState('story', 'done')
    await part('section-console').click()
    await part('console-input').fill('help')
    await page.keyboard.press('Enter')
    await part('console').getByText('help this list').waitFor()
    expect(await part('console').textContent()).toContain('find <text>')
  })

  test('what is typed reaches the node, is undone, redone, run unsaved, and saved', async () => {
    const { page, part, verified, openSpell, api } = await visit()
    const { id } = await openSpell(slow('Typing'))
    await page.locator('[data-testid="node-say"] .card__title').click()
    await page.locator('.code-field .cm-content').click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type(' with {{company}}')
    const socket = page.locator('[data-testid="node-say"]').getByText('company', { exact: true })
    await socket.waitFor()
    await part('undo').click()
    await socket.waitFor({ state: 'detached' })
    await part('redo').click()
    await socket.waitFor()
    await page.keyboard.press('Escape')
    await part('run').click()
    await part('save-status').getByText('not saved').waitFor()
    await part('save').click()
    await part('save-status').getByText('saved just now').waitFor()
    const stored = await api<{ spell: SpellRecord }>('GET', `/v1/spells/${id}`)
    expect(stored.spell).toMatchObject({ revision: 2, document: { nodes: { say: { config: {} } } } })
    expect(JSON.stringify(stored.spell.document)).toContain('all the way with {{company}}')
    await verified()
  })

  test('a conflict is shown, and loses neither version', async () => {
    const { page, part, openSpell, api } = await visit()
    const { id, revision } = await openSpell(slow('Conflict'))
    await page.locator('[data-testid="node-say"] .card__title').click()
    const title = page.locator('.inspector__name')
    await title.fill('Mine')
    const theirs = slow('Theirs')
    await api('PUT', `/v1/spells/${id}`, { baseRevision: revision, document: theirs })
    await part('save-status').getByText('revision 2 is newer').waitFor()
    await part('save').click()
    await part('conflict').waitFor()
    await part('keep-mine').click()
    await part('save-status').getByText('saved just now').waitFor()
    const { spell: third } = await api<{ spell: SpellRecord }>('GET', `/v1/spells/${id}`)
    expect(third).toMatchObject({ revision: 3, name: 'Conflict', document: { nodes: { say: { title: 'Mine' } } } })
    expect((await api<{ spell: SpellRecord }>('GET', `/v1/spells/${id}?revision=2`)).spell.name).toBe('Theirs')
  })

  test('a run that fails says so on its node, in the console and in the run', async () => {
    const { part, inState, status, openSpell } = await visit()
    const nodes = {
      start: { type: 'flow/start', at: [0, 0] },
      read: { type: 'data/parse-json', values: { text: '{nonsense' }, at: [0, 160] },
      log: { type: 'debug/log', at: [260, 0] },
    }
    await openSpell(
      spell('Fails', nodes, [
        ['start.out', 'log.in'],
        ['read.value', 'log.value'],
      ]),
    )
    await part('run').click()
    await status('failed')
    await inState('log', 'failed')
    await part('section-console').click()
    await part('console').getByText('the run failed').waitFor()
    await inState('read', 'failed')
    expect(await part('node-read').textContent()).toContain('NOT_JSON')
  })

  test('a cut connection is taken up again, and the run is whole', async () => {
    await using proxy = await openProxy(stage.url)
    const { part, inState, verified, openSpell } = await visit(proxy.url)
    await openSpell(slow('Cut', 4_000))
    await part('connection').and(part('connection')).waitFor({ state: 'attached' })
    await part('run').click()
    await inState('first', 'running')
    proxy.cut()
    await verified()
    await inState('out', 'done')
    expect(await part('run-status').textContent()).toContain('completed')
  })

  test('a run started in one tab is seen in another', async () => {
    const one = await visit()
    const { id } = await one.openSpell(slow('Seen'))
    const other = await visit(`${stage.url}/s/${id}`)
    await other.part('canvas').waitFor()
    await one.part('run').click()
    await one.verified()
    await other.part('section-runs').click()
    await other.part('runs').getByText('completed').first().click()
    await other.verified()
    await other.inState('out', 'done')
    expect(await other.part('node-out').textContent()).toContain('all the way')
  })

  test('recorded runs are there without a server, also after a reload', async () => {
    const { page, context, part, inState, verified, openSpell } = await visit()
    await openSpell(slow('Kept'))
    await part('run').click()
    await verified()
    await page.evaluate('navigator.serviceWorker.ready.then(() => undefined)')
    await context.setOffline(true)
    await page.reload()
    await verified()
    await part('timeline-slider').focus()
    await page.keyboard.press('Home')
    await inState('out', 'idle')
    await page.keyboard.press('End')
    await inState('out', 'done')
    await part('section-runs').click()
    await part('runs').getByText('kept in this browser').waitFor()
    expect(
      await part('runs')
        .getByRole('button', { name: /^Save the run of/ })
        .count(),
    ).toBe(1)
  })

  test('a Thoth document is imported by dropping its file', async () => {
    const { page, inState, part, verified } = await visit()
    await verified()
    const dropped = {
      id: 'echo',
      name: 'Dropped',
      chain: {
        id: 'demo@0.1.0',
        nodes: {
          1: {
            id: 1,
            name: 'Module Trigger In',
            data: { name: 'in' },
            inputs: {},
            outputs: { trigger: { connections: [{ node: 2, input: 'trigger', data: {} }] } },
            position: [0, 0],
          },
          2: {
            id: 2,
            name: 'Output',
            data: { name: 'answer' },
            inputs: {
              trigger: { connections: [{ node: 1, output: 'trigger', data: {} }] },
              input: { connections: [{ node: 3, output: 'output', data: {} }] },
            },
            outputs: {},
            position: [300, 0],
          },
          3: {
            id: 3,
            name: 'Universal Input',
            data: { name: 'question', defaultValue: 'why', useDefault: true },
            inputs: {},
            outputs: { output: { connections: [{ node: 2, input: 'input', data: {} }] } },
            position: [0, 200],
          },
        },
      },
    }
    await drop(page, 'dropped.thoth', JSON.stringify(dropped))
    await part('tabs').getByText('Dropped').waitFor()
    await part('run').click()
    await verified()
    await inState('output-2', 'done')
    expect(await part('node-output-2').textContent()).toContain('why')
  })

  test('a run is gone through like in a debugger: by entry and node, backwards, to its errors', async () => {
    const { page, part, inState, status, openSpell } = await visit()
    const nodes = {
      start: { type: 'flow/start', at: [0, 0] },
      first: { type: 'flow/delay', config: { ms: 30 }, at: [240, 0] },
      read: { type: 'data/parse-json', values: { text: '{nonsense' }, at: [240, 160] },
      log: { type: 'debug/log', at: [500, 0] },
    }
    await openSpell(
      spell('Debugged', nodes, [
        ['start.out', 'first.in'],
        ['first.out', 'log.in'],
        ['read.value', 'log.value'],
      ]),
    )
    await part('run').click()
    await status('failed')
    const slider = part('timeline-slider')
    const at = () => slider.inputValue()
    await page.locator('.transport__mark[data-kind="error"]').first().waitFor({ state: 'attached' })
    await slider.focus()
    await page.keyboard.press('Home')
    await inState('first', 'idle')
    await page.keyboard.press('e')
    await inState('log', 'failed')
    const error = Number(await at())
    expect(await part('timeline-position').textContent()).toContain('log failed')
    await page.keyboard.press('Shift+ArrowLeft')
    await inState('log', 'idle')
    await inState('first', 'done')
    await page.keyboard.press('ArrowLeft')
    expect(Number(await at())).toBe(error - 2)
    await part('timeline-node-forth').click()
    await inState('first', 'done')
    await part('timeline-live').click()
    await part('timeline-speed').selectOption('8')
    await slider.focus()
    await page.keyboard.press('Shift+Space')
    await inState('start', 'idle')
    await page.keyboard.press('Space')
    await inState('log', 'failed')
  })

  test('a sub-spell is looked into while it runs, and afterwards call by call, as the slider stands', async () => {
    const { page, part, inState, verified, openSpell, api } = await visit()
    await api('POST', '/v1/spells', { document: greeter('Greeter', 3_500) })
    await openSpell(greetings('Greetings', 'Greeter'))
    await part('run').click()
    await part('inner-greet').and(page.locator('[data-at="wait"]')).waitFor()
    await part('into-greet').click()
    await inState('wait', 'running')
    await verified()
    await part('node-out').getByText('Hello Bob').waitFor()
    await part('call').selectOption('0')
    await part('node-out').getByText('Hello Ada').waitFor()
    await page.locator('[data-testid="node-say"] .card__title').click()
    expect(await part('values').textContent()).toMatch(/In.*Ada.*Out.*Hello Ada/)
    await part('timeline-slider').focus()
    await page.keyboard.press('Home')
    await inState('wait', 'idle')
    await page.keyboard.press('End')
    await inState('wait', 'done')
    await page.keyboard.press('Escape')
    await part('breadcrumb').waitFor({ state: 'detached' })
    await page.getByRole('tab', { name: 'Values' }).click()
    expect(await part('activation').textContent()).toBe('2 of 2')
    await page.getByRole('button', { name: 'The activation before' }).click()
    expect(await part('values').textContent()).toMatch(/whoAda|who Ada/)
    await page.locator('.react-flow__node[data-id="greet"]').focus()
    await page.keyboard.press('Enter')
    await part('breadcrumb').waitFor()
  })

  test('a run is saved as a file, which opens without a server; one that was changed says so', async () => {
    const { page, context, part, inState, verified, openSpell, api } = await visit()
    await api('POST', '/v1/spells', { document: greeter('Kept greeter') })
    await openSpell(greetings('Kept greetings', 'Kept greeter'))
    await part('run').click()
    await verified()
    const [download] = await Promise.all([page.waitForEvent('download'), part('save-run').click()])
    expect(download.suggestedFilename()).toMatch(/^Kept greetings .*\.run$/)
    const text = await readFile(await download.path(), 'utf8')
    await context.setOffline(true)
    await drop(page, 'kept.run', text)
    await part('recording').waitFor()
    await verified()
    expect(await part('run').count()).toBe(0)
    await part('into-greet').click()
    await part('node-out').getByText('Hello Bob').waitFor()
    await part('timeline-slider').focus()
    await page.keyboard.press('Home')
    await inState('out', 'idle')
    await drop(page, 'changed.run', text.replaceAll('Hello Bob', 'Hello Eve'))
    await part('recording-warning').getByText('not what was recorded').waitFor()
    expect(await part('verified').count()).toBe(0)
    await drop(page, 'cut.run', text.slice(0, text.length / 2))
    await part('toasts').getByText('“cut.run” is not whole').waitFor()
  })

  test('a spell of 2,000 nodes opens, is moved about in, changed and run', async () => {
    const { page, part, status, openSpell, api } = await visit()
    const nodes: Record<string, object> = { start: { type: 'flow/start', at: [0, 0] } }
    const wires: string[][] = []
    for (let index = 1; index < 2000; index++) {
      nodes[`d${index}`] = { type: 'debug/log', values: { value: index }, at: [(index % 50) * 260, (index / 50) * 180] }
      wires.push([index === 1 ? 'start.out' : `d${index - 1}.out`, `d${index}.in`])
    }
    const { id } = await openSpell(spell('Large', nodes, wires))
    await page.locator('.react-flow__node').first().waitFor()
    await page.keyboard.press('Control+k')
    await part('commands').waitFor()
    await page.keyboard.type('d77')
    await page.keyboard.press('Enter')
    await part('node-d77').getByText('Log').waitFor()
    await page.locator('.inspector__name').fill('Changed')
    await part('run').click()
    await status('completed')
    const { runs } = await api<{ runs: RunRecord[] }>('GET', `/v1/spells/${id}/runs`)
    expect(runs[0]).toMatchObject({ status: 'completed', spellRevision: 2 })
    expect(runs[0]?.lastSeq).toBeGreaterThan(2000)
  }, 90_000)
})
