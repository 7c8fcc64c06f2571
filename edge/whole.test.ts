import { expect, test } from '@jest/globals'
import { wholeReply, wholeRequest } from './whole.ts'

const TEXT = '{"a":"é😀"}'
const bytes = new Uint8Array(Buffer.from(TEXT))
const headers = { 'content-type': 'application/json' }
const { signal } = new AbortController()
const url = new URL('http://localhost/v1/x?y=1')
const sent = { method: 'POST', headers: Object.entries(headers), signal, body: bytes }

test.each([
  ['request', () => wholeRequest(url, sent), () => new Request(url, { ...sent, duplex: 'half' })],
  ['reply', () => wholeReply(TEXT, { status: 201, headers }), () => new Response(TEXT, { status: 201, headers })],
])('a %s is read as a standard one is', async (_, ours, standard) => {
  for (const make of [ours, () => ours().clone()]) {
    for (const read of ['text', 'json', 'arrayBuffer'] as const)
      expect(await make()[read]()).toEqual(await standard()[read]())
    expect(await (await make().blob()).text()).toBe(TEXT)
    expect(await new Response(make().body).text()).toBe(TEXT)
    expect([...make().headers]).toEqual([...standard().headers])
  }
  expect(ours()).toBeInstanceOf(standard().constructor)
})

test('a request has its own signal, method and URL, and none need have a body', async () => {
  const none = wholeRequest(url, { ...sent, method: 'GET', body: undefined })
  expect([none.method, none.url, none.body, await none.text()]).toEqual(['GET', url.href, null, ''])
  expect(none.signal).toBe(signal)
  const reply = wholeReply(TEXT, { status: 201, headers })
  expect([reply.status, reply.ok, reply.clone().status]).toEqual([201, true, 201])
  expect(() => wholeRequest(url, { ...sent, method: 'NO GOOD' })).toThrow('NO GOOD')
})
