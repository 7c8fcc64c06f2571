// What people see of documents, memory and entities from the editor, and of answers that cite. In a real Chromium, against a real server.
import { expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { spellOf } from '#nodes/examples.suite.ts'
import { pdfOf } from '#services/document/pdf/pdf-files.suite.ts'
import type { Editor } from './browser.ts'
import { inBrowser } from './browser.ts'

const OWLS = `# Owls

Owls turn their heads far around.

## What they hear

Their ears sit at different heights, so that a vole below the snow is found by its rustling alone.

## Where they nest

In barns, in hollow trees and in church towers.
`
const demo = (name: string) =>
  JSON.parse(readFileSync(new URL(`../editor/demos/${name}.json`, import.meta.url), 'utf8')) as object

/** Drops files onto a part of the page, as from a folder's window. */
async function drop({ page }: Editor, testId: string, files: Readonly<Record<string, string>>) {
  const carried = await page.evaluateHandle(`
    const carrier = new DataTransfer()
    for (const [name, text] of Object.entries(${JSON.stringify(files)})) carrier.items.add(new File([text], name))
    carrier
  `)
  for (const event of ['dragover', 'drop'])
    await page.getByTestId(testId).dispatchEvent(event, { dataTransfer: carried })
}

/** A row of the list, once its document has come to this. */
const rowOf = ({ page }: Editor, name: string, kind: string) =>
  page
    .getByTestId('document-list')
    .locator('li', { hasText: name })
    .filter({
      has: page.locator(`[data-testid="standing"][data-kind="${kind}"]`),
    })

inBrowser(({ visit }) => {
  test('files that are dropped are read, found by what they say, and opened at the piece', async () => {
    const editor = await visit()
    const { page, part } = editor
    await page.keyboard.press('k')
    await part('documents').getByText('No documents yet').waitFor()
    await part('new-collection').click()
    await part('collection-name').fill('birds')
    await page.keyboard.press('Enter')
    await part('collections').locator('[aria-pressed="true"]', { hasText: 'birds' }).waitFor()
    await drop(editor, 'documents', { 'owls.md': OWLS, 'nothing.txt': '' })
    await rowOf(editor, 'Owls', 'ready').waitFor()
    await rowOf(editor, 'nothing.txt', 'skipped').getByText('There is nothing in it').waitFor()
    await drop(editor, 'documents', { 'again.md': OWLS })
    await part('uploads').getByText('Already here, as “Owls”').waitFor()

    await part('document-search').fill('how is a vole found below snow')
    const hit = part('hits').locator('.hit').first()
    await hit.locator('mark', { hasText: 'vole' }).waitFor()
    await hit.getByText('1st by words, 1st by meaning').waitFor()
    await part('mode-keyword').click()
    await hit.getByText('1st by words', { exact: true }).waitFor()
    await hit.click()
    await part('chunk-text').locator('mark', { hasText: 'vole' }).waitFor()
    expect(await part('chunk-where').textContent()).toContain('Owls › What they hear')
    await part('chunk-before').getByText('far around').waitFor()
    await part('chunk-after').click()
    await part('chunk-text').getByText('church towers').waitFor()
    await page.keyboard.press('Escape')
    await hit.waitFor()
    await part('document-search').fill('')

    await rowOf(editor, 'Owls', 'ready').getByRole('button').click()
    await part('chunk-1').getByText('vole').waitFor()
    await part('rename-document').click()
    await part('document-title').fill('A book of owls')
    await page.keyboard.press('Enter')
    await part('document-view').getByRole('heading', { name: 'A book of owls' }).waitFor()
    await part('delete-document').click()
    await part('delete-document-sure').click()
    await part('document-list').getByText('nothing.txt').waitFor()
    expect(await part('document-list').getByRole('listitem').count()).toBe(1)
  })

  test('a page of a PDF is found and opened; where the file does not arrive, that is said', async () => {
    const editor = await visit()
    const { page, part } = editor
    await part('open-knowledge').click()
    const pages = [['The harbour opens at six.'], ['The lamp burns colza oil.'], ['Gulls may not be fed.']]
    const pdf = { name: 'keeper.pdf', mimeType: 'application/pdf', buffer: Buffer.from(pdfOf(pages)) }
    // The line is cut once.
    await page.route(
      ({ searchParams }) => searchParams.get('name') === pdf.name,
      route => route.abort(),
      { times: 1 },
    )
    await part('document-files').setInputFiles(pdf)
    await part('uploads').getByRole('alert').getByText('the connection was cut').waitFor()
    await part('uploads').getByLabel('Send keeper.pdf again').click()
    await rowOf(editor, 'keeper.pdf', 'ready').getByText('3 pages').waitFor()
    await rowOf(editor, 'keeper.pdf', 'ready').getByRole('button').click()
    await part('chunk-page').fill('2')
    await part('chunks').getByText('colza oil').click()
    await part('chunk-text').getByText('colza oil').waitFor()
    const address = await part('open-page').getAttribute('href')
    expect(address).toMatch(/^\/v1\/documents\/[\w-]+\/file#page=\d$/)
    const file = await page.request.get(new URL(address ?? '', page.url()).href)
    expect(file.headers()['content-type']).toBe('application/pdf')
    expect(Buffer.compare(await file.body(), pdf.buffer)).toBe(0)
  })

  test('an answer’s citations open the piece that they stand for: on its card, among its values, in the chat', async () => {
    const editor = await visit()
    const { page, part, openSpell, verified } = editor
    await openSpell(demo('9-ask-my-documents'))
    await part('run').click()
    await verified()
    await part('node-answer').getByTestId('citation-1').click()
    await part('chunk-text').getByText('ground by Marta Ollers').waitFor()
    await part('open-knowledge').click()
    await part('knowledge').waitFor({ state: 'detached' })
    await part('node-answer').locator('.card__title').click()
    await page.getByRole('tab', { name: 'Values' }).click()
    await part('values').getByTestId('cited-1').last().click()
    await part('chunk-text').getByText('ground by Marta Ollers').waitFor()
    await part('open-knowledge').click()

    await openSpell({
      ...spellOf(
        {
          chat: { type: 'source/chat', at: [0, 0] },
          find: { type: 'document/find', config: { most: 1 }, at: [280, 0] },
          reply: { type: 'chat/reply', values: { text: 'That was **Marta** [1].' }, at: [560, 0] },
        },
        [
          ['chat.out', 'find.in'],
          ['chat.text', 'find.query'],
          ['find.found', 'reply.in'],
        ],
      ),
      name: 'Answers',
    })
    await part('section-chat').click()
    await part('chat-input').fill('Who ground the lens of the great telescope?')
    await page.keyboard.press('Enter')
    await part('chat').getByTestId('cited-1').click()
    await part('chunk-text').getByText('ground by Marta Ollers').waitFor()
    expect(await part('chat').getByTestId('citation-1').textContent()).toContain('The Observatory')
    await part('cancel').click()
  })

  test('the memory is a timeline: by day, live, by meaning, as a conversation', async () => {
    const editor = await visit()
    const { page, part, api } = editor
    const at = new Date().setHours(12, 0, 0, 0) - 3 * 86_400_000
    const said = (id: string, sender: string, content: string) => ({ id, sender, content, channel: 'kitchen', at })
    await api('POST', '/v1/events', {
      events: [said('kettle', 'Ada', 'The kettle stands behind the tea.'), { id: 'peas', content: 'Peas were sown.' }],
    })
    await page.keyboard.press('k')
    await part('knowledge-memory').click()
    await page.getByRole('region', { name: 'Today' }).getByTestId('event-peas').waitFor()
    expect(await page.getByRole('region', { name: 'Today' }).getByTestId('event-kettle').count()).toBe(0)
    await api('POST', '/v1/topics/doorbell', { value: 'rang twice', keep: true })
    await part('memory').getByText('rang twice').waitFor()
    await part('memory-channel').fill('kitchen')
    await part('event-peas').waitFor({ state: 'detached' })
    await part('event-kettle').getByText('kitchen').click()
    await part('transcript').getByText('The kettle stands behind the tea.').waitFor()
    await page.keyboard.press('Escape')
    await part('memory-search').fill('where is the kettle')
    await part('memory-found').getByTestId('event-kettle').waitFor()
    await part('memory-found').getByTestId('event-kettle').hover()
    await part('forget-kettle').click()
    await part('forget-kettle-sure').click()
    await part('event-kettle').waitFor({ state: 'detached' })
  })

  test('an entity is edited, related and merged; what was known before can be seen', async () => {
    const editor = await visit()
    const { page, part, api } = editor
    const put = (entity: object, at = 0) => api('PUT', '/v1/entities', { entity, at })
    const before = Date.now() - 9 * 86_400_000
    await put({ id: 'ada', kind: 'person', name: 'Ada', attributes: { city: 'Bern', rooms: 3 } }, before)
    await put({ id: 'ada', attributes: { city: 'Basel' } })
    await put({ id: 'mill', kind: 'organisation', name: 'The Mill' })
    await put({ id: 'lady', kind: 'person', name: 'Lady A.', attributes: { phone: '12' } })
    await page.keyboard.press('k')
    await part('knowledge-entities').click()
    await part('entity-search').fill('ad')
    await part('entity-mill').waitFor({ state: 'detached' })
    await part('entity-ada').click()
    const city = part('entity-facts').getByRole('row', { name: 'city' })
    await city.getByText('Basel').waitFor()
    await part('history').getByText('Bern').waitFor()
    await part('as-of-slider').focus()
    await page.keyboard.press('Home')
    await city.getByText('Bern').waitFor()
    expect(await part('edit-entity').count()).toBe(0)
    await page.keyboard.press('End')
    await city.getByText('Basel').waitFor()

    await part('edit-entity').click()
    await page.getByLabel('Value of rooms').fill('4')
    await page.keyboard.press('Enter')
    await part('entity-facts').getByRole('row', { name: 'rooms' }).getByText('4').waitFor()
    await part('new-relation').click()
    await part('relation-kind').fill('works at')
    await part('pick-entity').fill('mill')
    await part('pick-mill').click()
    await part('relations').getByRole('button', { name: 'The Mill' }).click()
    await part('relations').getByRole('button', { name: 'Ada' }).click()

    await part('merge-entity').click()
    await part('pick-lady').click()
    await part('merge-sure').click()
    await part('entity-view').getByRole('heading', { name: 'Lady A.' }).waitFor()
    await city.getByText('Basel').waitFor()
    await part('entity-facts').getByRole('row', { name: 'phone' }).getByText('12').waitFor()
  })
})
