// What people see of models from the editor: which there are, keys, costs, budgets, pictures, sounds, a microphone. In a real Chromium, against a real server.
import { afterAll, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { spellOf } from '#nodes/examples.suite.ts'
import type { Editor } from './browser.ts'
import { inBrowser } from './browser.ts'

const named = (name: string, document: object) => ({ ...document, name })

/** Asks a model, and gives its answer. */
const asking = (name: string, config: object, prompt = 'Tell of owls') =>
  named(
    name,
    spellOf(
      {
        start: { type: 'flow/start', at: [0, 0] },
        ask: { type: 'ai/complete', config, values: { prompt }, at: [260, 0] },
        out: { type: 'flow/output', config: { name: 'text' }, at: [560, 0] },
      },
      [
        ['start.out', 'ask.in'],
        ['ask.out', 'out.in'],
        ['ask.text', 'out.value'],
      ],
    ),
  )

/** A vendor's server, at the outside wire: it answers with what it is asked with, for 2,000 tokens in and 1,000 out. */
async function openVendor() {
  const keys: (string | undefined)[] = []
  const asked: string[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => void parts.push(part))
    request.on('end', () => {
      if (request.method === 'GET') return response.writeHead(404).end('{}')
      keys.push(request.headers.authorization)
      asked.push(Buffer.concat(parts).toString())
      const line = (value: object) => `data: ${JSON.stringify(value)}\n\n`
      const usage = { prompt_tokens: 2000, completion_tokens: 1000, total_tokens: 3000 }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(line({ choices: [{ index: 0, delta: { content: 'Owls turn their heads.' } }] }))
      response.write(line({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }))
      return response.end(`${line({ choices: [], usage })}data: [DONE]\n\n`)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    keys,
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** A picture of 24 bits a pixel that no format makes small. */
function noise(width: number, height: number): Buffer {
  const head = Buffer.alloc(54)
  head.write('BM')
  head.writeUInt32LE(54 + width * height * 3, 2)
  head.writeUInt32LE(54, 10)
  head.writeUInt32LE(40, 14)
  head.writeInt32LE(width, 18)
  head.writeInt32LE(height, 22)
  head.writeUInt16LE(1, 26)
  head.writeUInt16LE(24, 28)
  return Buffer.concat([head, randomBytes(width * height * 3)])
}

let vendor: Awaited<ReturnType<typeof openVendor>> | undefined
afterAll(() => vendor?.close())
const settings = async () => {
  vendor = await openVendor()
  return { MISTRAL_BASE_URL: vendor.url }
}

const cardOf = ({ page }: Editor, node: string) => page.locator(`[data-testid="node-${node}"] .card__title`)

inBrowser(({ visit }) => {
  test('a model is chosen from a list with prices; one that nobody lists is kept as it was typed', async () => {
    const editor = await visit()
    const { page, part, openSpell } = editor
    await openSpell(asking('Chooses', {}))
    await cardOf(editor, 'ask').click()
    await part('pick-model').click()
    const demo = part('choice-local/demo')
    await demo.getByText('free demo').waitFor()
    await demo.getByText('tools', { exact: true }).waitFor()
    // By keyboard: the first is the default, the second the built-in model.
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await part('model-list').waitFor({ state: 'detached' })
    expect(await part('pick-model').inputValue()).toBe('local/demo')
    expect(await part('model-facts').textContent()).toContain('free demo')
    await part('pick-model').click()
    await part('pick-model').fill('my-own/model')
    await part('model-list').getByText('None of the list').waitFor()
    await page.keyboard.press('Enter')
    await part('model-unknown').waitFor()
    await part('node-ask').getByText('my-own/model').waitFor()
  })

  test('a provider without a key leads to its secret; a run uses it, its price is told, and it is nowhere to be read', async () => {
    const editor = await visit()
    const { page, part, openSpell, verified, api } = editor
    await openSpell(asking('Poor', { model: 'groq/llama-3.3-70b-versatile' }))
    await part('run').click()
    await part('node-ask').getByTestId('missing-GROQ_API_KEY').click()
    await part('secrets').getByText('None is kept yet').waitFor()
    expect(await part('secret-name').inputValue()).toBe('GROQ_API_KEY')
    await page.keyboard.press('Escape')
    const { id } = await openSpell(asking('Pays', { model: 'mistral/mistral-small-latest' }))
    await cardOf(editor, 'ask').click()
    await part('pick-model').click()
    await part('choice-key-groq').click()
    await part('secrets').getByText('None is kept yet').waitFor()
    expect(await part('secret-name').inputValue()).toBe('GROQ_API_KEY')
    expect(await part('secret-value').getAttribute('type')).toBe('password')
    await part('keep-secret').click()
    await part('secrets').getByRole('alert').first().waitFor()
    await part('secret-value').fill('gsk-of-a-person')
    await part('keep-secret').click()
    await part('secret-GROQ_API_KEY').waitFor()
    await part('secret-name').fill('mistral api key')
    await part('secret-value').fill('sk-of-a-person')
    await part('keep-secret').click()
    await part('secret-MISTRAL_API_KEY').getByText('not used yet').waitFor()
    await page.keyboard.press('Escape')
    await part('secrets').waitFor({ state: 'detached' })
    await part('pick-model').click()
    await part('choice-local/demo').waitFor()
    expect(await part('choice-key-groq').count()).toBe(0)
    await part('choice-key-openai').waitFor()
    await page.keyboard.press('Escape')

    await part('run').click()
    await verified()
    expect(vendor?.keys).toEqual(['Bearer sk-of-a-person'])
    // 2,000 tokens at $0.1 a million and 1,000 at $0.3.
    expect(await part('cost-ask').textContent()).toBe('2k → 1k tokens$0.00050')
    expect(await part('run-cost').textContent()).toContain('$0.00050')
    await part('section-runs').click()
    await part('runs').getByText('$0.00050').waitFor()
    await part('spending').getByText('$0.00050 today').waitFor()
    await part('spending').click()
    const row = part('spending-dialog').getByRole('row').filter({ hasText: 'mistral/mistral-small-latest' })
    await row.waitFor()
    expect(await row.getByRole('cell').allTextContents()).toEqual(['2k → 1k tokens', '$0.00050'])
    expect(await part('spent-today').textContent()).toContain('$0.00050')
    await page.keyboard.press('Escape')

    await part('open-secrets').click()
    await part('secret-MISTRAL_API_KEY').getByText('used just now').waitFor()
    expect(await page.content()).not.toContain('sk-of-a-person')
    const { runs } = await api<{ runs: { id: string }[] }>('GET', `/v1/spells/${id}/runs`)
    const journal = await api<object>('GET', `/v1/runs/${runs[0]?.id}/entries`)
    expect(JSON.stringify(journal)).toContain('mistral/mistral-small-latest')
    expect(JSON.stringify(journal)).not.toContain('sk-of-a-person')
    await part('secret-MISTRAL_API_KEY').getByLabel('Delete MISTRAL_API_KEY').click()
    await part('delete-MISTRAL_API_KEY').click()
    await part('secret-MISTRAL_API_KEY').waitFor({ state: 'detached' })
  })

  test('a budget is set and drawn on; a run that uses it up says so on the node, and keeps what was said', async () => {
    const editor = await visit()
    const { page, part, openSpell, status, inState } = editor
    await openSpell(asking('Frugal', {}, 'Tell a long story of owls, mice and the moon, in ten sentences.'))
    await part('run').click()
    await inState('ask', 'done')
    expect(await part('cost-ask').textContent()).toContain('free demo')
    expect(await part('over-budget-ask').count()).toBe(0)
    await part('spending').click()
    await part('set-budget').click()
    await part('budget-form').getByRole('alert').waitFor()
    await part('budget-scope').selectOption('run')
    await part('budget-tokens').fill('25')
    await part('set-budget').click()
    await part('budget-run-total').getByText('25 tokens each run').waitFor()
    await part('budget-scope').selectOption('spell')
    await part('budget-tokens').fill('100000')
    await part('set-budget').click()
    await part('budget-spell-day').getByText('of 100k tokens').waitFor()
    await page.keyboard.press('Escape')
    await part('spending').getByText('of 100k tokens').waitFor()

    await part('run').click()
    await part('over-budget-ask').getByText('25 tokens').waitFor()
    await status('completed')
    expect(await part('node-ask').locator('.chip').textContent()).toMatch(/\w+ \w+/)
    await part('spending').click()
    await part('budget-run-total').getByTestId('delete-budget').click()
    await part('budget-run-total').waitFor({ state: 'detached' })
    await part('budget-spell-day').getByTestId('delete-budget').click()
    await part('budget-spell-day').waitFor({ state: 'detached' })
  })

  test('a picture from a file is made smaller to fit, shown, and given to the model', async () => {
    const editor = await visit()
    const { page, part, openSpell, verified } = editor
    await openSpell(asking('Looks', { model: 'mistral/mistral-small-latest' }, 'What is this?'))
    await cardOf(editor, 'ask').click()
    await part('file-images').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('x') })
    await part('inspector').getByRole('alert').getByText('expected a picture').waitFor()
    await part('file-images').setInputFiles({ name: 'noise.bmp', mimeType: 'image/bmp', buffer: noise(900, 700) })
    await part('media-field-images').getByText('JPEG').waitFor()
    await part('media-field-images').locator('img').waitFor()
    await part('run').click()
    await verified()
    expect(vendor?.asked.at(-1)).toContain('"data:image/jpeg;base64,')
    await page.getByRole('tab', { name: 'Values' }).click()
    await part('media-images').locator('img').waitFor()
    expect(await page.locator('body').textContent()).not.toContain('base64,')
    await page.getByRole('tab', { name: 'Settings' }).click()
    await part('media-field-images').getByText('Remove').click()
    await part('file-images').waitFor({ state: 'attached' })
  })

  test('pictures show as such on the node, among the values and in the console; a script in one does nothing', async () => {
    const editor = await visit()
    const { page, part, openSpell, verified } = editor
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="document.title='hacked'"><script>document.title='hacked'</script></svg>`
    await openSpell(
      named(
        'Draws',
        spellOf(
          {
            start: { type: 'flow/start', at: [0, 0] },
            draw: { type: 'ai/image', values: { prompt: 'an owl' }, at: [260, 0] },
            note: { type: 'debug/log', at: [520, 0] },
            evil: {
              type: 'text/template',
              config: { template: `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}` },
              at: [520, 260],
            },
            out: { type: 'flow/output', config: { name: 'evil' }, at: [780, 0] },
          },
          [
            ['start.out', 'draw.in'],
            ['draw.out', 'note.in'],
            ['draw.image', 'note.value'],
            ['note.out', 'out.in'],
            ['evil.text', 'out.value'],
          ],
        ),
      ),
    )
    await part('run').click()
    await verified()
    for (const node of ['draw', 'out']) {
      const image = part(`node-${node}`).locator('.picture img')
      await image.waitFor()
      expect((await image.boundingBox())?.width).toBeGreaterThan(50)
    }
    expect(await page.locator('.media__trouble').count()).toBe(0)
    expect(await page.title()).toContain('Draws')
    await cardOf(editor, 'draw').click()
    await page.getByRole('tab', { name: 'Values' }).click()
    await part('media-image').locator('img').waitFor()
    const saved = page.waitForEvent('download')
    await part('media-image').getByLabel('Save image as a file').click()
    expect((await saved).suggestedFilename()).toMatch(/^image\.(png|svg)$/)
    await part('section-console').click()
    await part('console').locator('.console__media img').waitFor()
    await part('node-draw').locator('.picture').click()
    await part('viewer').locator('img').waitFor()
    await page.keyboard.press('Escape')
    await part('viewer').waitFor({ state: 'detached' })
    expect(await page.locator('body').textContent()).not.toContain('base64,')
  })

  test('somebody talks to a spell, which answers aloud, in order; it is silent when it is interrupted, and in replay', async () => {
    const editor = await visit()
    const { page, part, context, openSpell } = editor
    await context.grantPermissions(['microphone'])
    const say = (text: string, x: number) => ({ type: 'speech/speak', values: { text }, at: [x, 0] })
    await openSpell(
      named(
        'Talks back',
        spellOf(
          {
            mic: { type: 'source/microphone', at: [0, 0] },
            one: say('This is the first of two sentences, and it is a long one, with many words in it.', 280),
            two: say('This is the second one, of a good length as well.', 560),
          },
          [
            ['mic.out', 'one.in'],
            ['one.out', 'two.in'],
          ] as const,
        ),
      ),
    )
    expect(await part('talk').count()).toBe(0)
    await part('run').click()
    const talk = async () => {
      await part('talk').focus()
      await page.keyboard.press('Enter')
      await page.locator('[data-testid="microphone"][data-standing="recording"]').waitFor()
      await part('microphone').getByText('0:01').waitFor()
    }
    const send = () => page.keyboard.press('Enter')
    await talk()
    await send()
    await part('player').getByText('first of two sentences').waitFor()
    await part('player-count').getByText('1 of 2').waitFor()
    await part('player-toggle').click()
    await page.locator('[data-testid="player"][data-paused="true"]').waitFor()
    await part('player-toggle').click()
    await page.locator('[data-testid="player"][data-paused="false"]').waitFor()
    await part('player').getByLabel('Next').click()
    await part('player').getByText('second one').waitFor()
    // Whoever begins to talk is not talked over.
    await talk()
    await part('player').waitFor({ state: 'detached' })
    await send()
    await part('player').getByText('first of two sentences').waitFor()
    await part('player-count').getByText('1 of 2').waitFor()
    // Whoever stops the spell does not hear the rest.
    await part('cancel').click()
    await part('player').waitFor({ state: 'detached' })
    await part('timeline-slider').focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('End')
    expect(await part('player').count()).toBe(0)
    const sound = part('node-one').getByTestId('sound-audio')
    await sound.getByRole('button').click()
    await part('node-one').locator('[data-playing="true"]').waitFor()
  })

  test('without leave to use the microphone the card says so', async () => {
    const editor = await visit()
    const { part, openSpell } = editor
    await openSpell(named('Deaf', spellOf({ mic: { type: 'source/microphone', at: [0, 0] } }, [])))
    await part('run').click()
    await part('talk').click()
    await part('microphone').getByRole('alert').getByText('may not use the microphone').waitFor()
    expect(await part('talk').textContent()).toContain('Talk')
  })
}, settings)
