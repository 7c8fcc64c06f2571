import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from '@jest/globals'
import { createLookout } from './lookout.ts'

test('a server is there when it answers: looked for again after two seconds, believed for a minute', async () => {
  let [isThere, asked, now] = [true, 0, 0]
  const server = createServer((_, response) => {
    asked++
    if (isThere) response.end('{"data":[]}')
    else response.destroy()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  const lookout = createLookout(url, () => now)
  expect(await Promise.all([lookout.missing(), lookout.missing()])).toEqual([undefined, undefined])
  expect(asked).toBe(1)
  isThere = false
  now += 59_000
  expect(await lookout.missing()).toBeUndefined()
  now += 2_000
  expect(await lookout.missing()).toBe(`nothing listens at ${url}`)
  isThere = true
  now += 1_000
  expect(await lookout.missing()).toBe(`nothing listens at ${url}`)
  now += 2_000
  expect(await lookout.missing()).toBeUndefined()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})
