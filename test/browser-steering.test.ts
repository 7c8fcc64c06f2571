// What people do with runs from the editor: stop and step, answer, branch off, pin, compare, chat. In a real Chromium, against a real server.
import { expect, test } from '@jest/globals'
import type { RunRecord, SpellRecord } from '#client/index.ts'
import { spellOf } from '#nodes/examples.suite.ts'
import { inBrowser } from './browser.ts'

/** Waits, says something, and gives it. */
const line = (text: string) =>
  spellOf(
    {
      start: { type: 'flow/start', at: [0, 0] },
      wait: { type: 'flow/delay', config: { ms: 20 }, at: [260, 0] },
      say: { type: 'text/template', config: { template: text }, at: [260, 160] },
      note: { type: 'debug/log', values: { value: 'noted' }, at: [520, 0] },
      out: { type: 'flow/output', config: { name: 'text' }, at: [780, 0] },
    },
    [
      ['start.out', 'wait.in'],
      ['wait.out', 'note.in'],
      ['note.out', 'out.in'],
      ['say.text', 'out.value'],
    ],
  )
const named = (name: string, document: object) => ({ ...document, name })

/** Asks for a name and a number, and says them. */
const asking = spellOf(
  {
    start: { type: 'flow/start', at: [0, 0] },
    ask: {
      type: 'flow/ask',
      config: {
        prompt: 'Who comes, and **how many**?',
        form: [
          { name: 'who', title: 'Who', type: 'text', required: true },
          { name: 'many', title: 'How many', type: 'number', default: 2 },
        ],
      },
      at: [260, 0],
    },
    say: { type: 'text/template', config: { template: '{{many}} × {{who}}' }, at: [520, 160] },
    out: { type: 'flow/output', config: { name: 'said' }, at: [780, 0] },
  },
  [
    ['start.out', 'ask.in'],
    ['ask.answered', 'out.in'],
    ['ask.who', 'say.who'],
    ['ask.many', 'say.many'],
    ['say.text', 'out.value'],
  ],
)

inBrowser(stage => {
  const { visit } = stage

  test('a run stops before a node, goes on by one, and then to its end; what was set is there again', async () => {
    const { page, part, inState, status, verified, openSpell } = await visit()
    await openSpell(named('Stops', line('done')))
    await page.locator('[data-testid="node-note"] .card__title').click()
    await page.keyboard.press('b')
    await part('breakpoint-note').and(page.locator('[aria-pressed="true"]')).waitFor()
    await part('run').click()
    await part('stands-note').waitFor()
    await status('paused')
    expect(await part('run-status').textContent()).toContain('paused before “Log”')
    await inState('note', 'idle')
    await part('step-run').click()
    await part('stands-out').waitFor()
    await inState('note', 'done')
    await part('play-run').click()
    await verified()
    await inState('out', 'done')
    await page.reload()
    await part('breakpoint-note').and(page.locator('[aria-pressed="true"]')).waitFor()
    await part('breakpoint-note').click()
    await part('breakpoint-note').and(page.locator('[aria-pressed="false"]')).waitFor()
    await page.locator('[data-testid="node-say"] .card__title').click()
    await page.locator('.code-field .cm-content').click()
    await page.keyboard.press('Control+a')
    await page.keyboard.type('without a stop')
    await part('run').click()
    await part('node-out').getByText('without a stop').waitFor()
    await verified()
    expect(await part('run-status').textContent()).toContain('completed')
  })

  test('a run waits for a person, over a reload; a bad answer is refused at its field, a good one goes on', async () => {
    const { page, part, inState, verified, openSpell, api } = await visit()
    const { id } = await openSpell(named('Asks', asking))
    await part('run').click()
    await inState('ask', 'waiting')
    await part('waits').getByText('1').waitFor()
    await page.reload()
    await part('answer-ask').click()
    const form = part('wait-form')
    await form.getByText('how many').first().waitFor()
    await page.keyboard.press('Enter')
    await form.getByRole('alert').waitFor()
    await page.keyboard.type('owls')
    await page.keyboard.press('Enter')
    await verified()
    expect(await part('node-out').textContent()).toContain('2 × owls')
    const { runs } = await api<{ runs: RunRecord[] }>('GET', `/v1/spells/${id}/runs`)
    expect(runs).toMatchObject([{ status: 'completed', outputs: { said: '2 × owls' } }])
  })

  test('a run branches off at the slider with what is drawn now, and the two are compared', async () => {
    const { page, part, inState, verified, openSpell } = await visit()
    await openSpell(named('Branches', line('the old words')))
    await part('run').click()
    await verified()
    await page.locator('[data-testid="node-say"] .card__title').click()
    await page.locator('.code-field .cm-content').click()
    await page.keyboard.press('Control+a')
    await page.keyboard.type('the new words')
    await part('timeline-slider').focus()
    await page.keyboard.press('Home')
    for (const _ of [1, 2, 3]) await page.keyboard.press('ArrowRight')
    await page.keyboard.press('f')
    await part('compare-branch').waitFor()
    await verified()
    await inState('out', 'done')
    expect(await part('node-out').textContent()).toContain('the new words')
    await page.locator('.transport__mark[data-kind="fork"]').waitFor({ state: 'attached' })
    await part('compare-branch').click()
    const row = part('compare-out')
    await row.and(page.locator('[data-verdict="different"]')).waitFor()
    expect(await part('compare').locator('del').first().textContent()).toBe('old')
    expect(await part('compare').locator('ins').first().textContent()).toBe('new')
    expect(await part('compare-wait').count()).toBe(0)
    await part('compare').getByText('show all').click()
    await part('compare-wait').and(page.locator('[data-verdict="same"]')).waitFor()
  })

  test('what a node gave is pinned and changed; it does not run any more until the pin is removed', async () => {
    const { page, part, inState, verified, openSpell } = await visit()
    await openSpell(named('Pins', line('said')))
    await part('run').click()
    await verified()
    await page.locator('[data-testid="node-say"] .card__title').click()
    await page.getByRole('tab', { name: 'Values' }).click()
    await part('pin-outputs').click()
    await part('pin-say').waitFor()
    await part('pin-editor').locator('textarea').fill('{"text": "pinned instead"}')
    await page.locator('[data-testid="node-note"] .card__title').click({ button: 'right' })
    await part('menu-pin').click()
    await part('pins').getByText('2 pins').waitFor()
    await part('run').click()
    await inState('note', 'cached')
    await verified()
    expect(await part('node-out').textContent()).toContain('pinned instead')
    await part('remove-pins').click()
    await part('pins').waitFor({ state: 'detached' })
    await part('run').click()
    await inState('note', 'done')
    await verified()
    expect(await part('node-out').textContent()).toContain('said')
  })

  test('a spell is talked to; the chat follows the slider, and the run says that it listens until it is stopped', async () => {
    const { page, part, verified, openSpell } = await visit()
    await openSpell(
      named(
        'Talks',
        spellOf(
          {
            chat: { type: 'source/chat', at: [0, 0] },
            upper: { type: 'text/case', config: { form: 'upper' }, at: [240, 160] },
            reply: { type: 'chat/reply', at: [480, 0] },
          },
          [
            ['chat.out', 'reply.in'],
            ['chat.text', 'upper.text'],
            ['upper.text', 'reply.text'],
          ],
        ),
      ),
    )
    await part('section-chat').click()
    await part('chat-input').fill('good morning')
    await page.keyboard.press('Enter')
    await page.locator('.chat__message--spell').getByText('GOOD MORNING', { exact: true }).waitFor()
    await part('chat-input').fill('bye')
    await page.keyboard.press('Enter')
    await page.locator('.chat__message--spell').getByText('BYE', { exact: true }).waitFor()
    await part('run-status').and(page.locator('[data-shown="listening"]')).waitFor()
    await part('cancel').click()
    await verified()
    expect(await part('run-status').textContent()).toContain('stopped')
    await part('timeline-slider').focus()
    await page.keyboard.press('Home')
    await part('chat').getByText('Nothing has been said yet').waitFor()
  })

  test('an earlier run is repeated with the sub-spells that it ran, whatever has become of them since', async () => {
    const inner = (text: string) =>
      named(
        'Inner words',
        spellOf(
          {
            start: { type: 'flow/start', at: [0, 0] },
            say: { type: 'text/template', config: { template: text }, at: [0, 160] },
            out: { type: 'flow/output', config: { name: 'said' }, at: [260, 0] },
          },
          [
            ['start.out', 'out.in'],
            ['say.text', 'out.value'],
          ],
        ),
      )
    const first = await visit()
    const { spell } = await first.api<{ spell: SpellRecord }>('POST', '/v1/spells', { document: inner('first words') })
    const { id } = await first.openSpell(
      named(
        'Outer words',
        spellOf(
          {
            start: { type: 'flow/start', at: [0, 0] },
            call: { type: 'flow/sub-spell', config: { spell: spell.id, inputs: [], outputs: ['said'] }, at: [260, 0] },
            out: { type: 'flow/output', config: { name: 'all' }, at: [560, 0] },
          },
          [
            ['start.out', 'call.in'],
            ['call.out', 'out.in'],
            ['call.said', 'out.value'],
          ],
        ),
      ),
    )
    await first.part('run').click()
    await first.verified()
    await first.api('PUT', `/v1/spells/${spell.id}`, { baseRevision: 1, document: inner('other words') })
    // Another browser has kept nothing.
    const other = await visit(`${stage.url}/s/${id}`)
    await other.verified()
    await other.part('into-call').click()
    await other.part('node-say').getByText('first words').first().waitFor()
    await other.page.keyboard.press('Escape')
    await other.part('run').click()
    await other.part('node-out').getByText('other words').waitFor()
    await other.verified()
    const { runs } = await other.api<{ runs: RunRecord[] }>('GET', `/v1/spells/${id}/runs`)
    expect(runs.map(({ outputs }) => outputs)).toEqual([{ all: 'other words' }, { all: 'first words' }])
  })

  test('a large value shows its beginning, and all of it when asked', async () => {
    const { page, part, verified, openSpell } = await visit()
    const big = spellOf(
      {
        start: { type: 'flow/start', at: [0, 0] },
        pad: {
          type: 'text/pad',
          config: { length: 40_000, fill: 'x', side: 'end' },
          values: { text: 'HEAD' },
          at: [240, 160],
        },
        out: { type: 'flow/output', config: { name: 'text' }, at: [480, 0] },
      },
      [
        ['start.out', 'out.in'],
        ['pad.text', 'out.value'],
      ],
    )
    await openSpell(named('Large value', big))
    await part('run').click()
    await verified()
    await page.locator('[data-testid="node-pad"] .card__title').click()
    await page.getByRole('tab', { name: 'Values' }).click()
    expect((await part('values').textContent())?.length).toBeLessThan(2_000)
    await part('load-text').click()
    await part('load-text').waitFor({ state: 'detached' })
    expect((await part('values').textContent())?.length).toBeGreaterThan(40_000)
  })
})
