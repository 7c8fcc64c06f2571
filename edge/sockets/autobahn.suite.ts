import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { AUTOBAHN } from './autobahn-cases.suite.ts'
import type { AutobahnCase } from './autobahn-cases.suite.ts'
import { RawClient } from './raw-client.suite.ts'
import type { OpenServer, SocketServer } from './socket.ts'

/** What a library does otherwise than Autobahn's strictest outcome. It is named, so that it is known and no other creeps in. */
export interface Deviations {
  /** It fails connections by ending them, without a close frame: RFC 6455 7.1.7 says that one SHOULD be sent. */
  readonly failsSilently: boolean
  readonly cases: readonly Deviation[]
}
interface Deviation {
  readonly why: string
  readonly ids: readonly string[]
  readonly end: string
  /** None of the expected events comes. */
  readonly silent?: boolean
}

const MESSAGE_LIMIT_BYTES = 2 * 1024 * 1024
const BUFFER_LIMIT_BYTES = 64 * 1024 * 1024

/** Autobahn's groups 1 to 7, 9 and 10, bytes by bytes. */
export function testAutobahn(name: string, open: () => Promise<OpenServer | undefined>, deviations: Deviations): void {
  describe(`${name} and Autobahn's cases`, () => {
    let server: SocketServer
    beforeAll(async () => {
      const openServer = await open()
      if (!openServer) throw new Error('it cannot load here')
      server = await openServer({
        host: '127.0.0.1',
        port: 0,
        http: async () => new Response(null, { status: 404 }),
        upgrade: () => ({ protocol: 'test.v1' }),
        open: socket => ({
          message: text => void socket.send(text ?? 'binary'),
          drain: () => {},
          close: () => {},
        }),
        bodyLimitBytes: () => 0,
        streamsBody: () => false,
        frameLimitBytes: MESSAGE_LIMIT_BYTES,
        bufferLimitBytes: BUFFER_LIMIT_BYTES,
        idleSeconds: 60,
      })
    })
    afterAll(() => server.close())

    for (const [group, cases] of Object.entries(AUTOBAHN)) {
      test(`group ${group}`, async () => {
        const outcomes: Record<string, unknown> = {}
        const expected: Record<string, unknown> = {}
        for (const one of cases()) {
          outcomes[one.id] = await play(server.port, one)
          expected[one.id] = expectedOf(one, deviations)
        }
        expect(outcomes).toEqual(expected)
      }, 120_000)
    }
  })
}

function expectedOf({ id, expect: events, end }: AutobahnCase, { failsSilently, cases }: Deviations) {
  const deviation = cases.find(one => one.ids.includes(id))
  if (deviation) return { events: deviation.silent ? [] : events, end: deviation.end }
  if ('clean' in end) return { events, end: end.clean }
  return { events, end: failsSilently ? 'cut' : `close ${end.failure}` }
}

/** The events, and the close frame; `cut`: there was none. */
async function play(port: number, { send, chop, paced, expect: expected }: AutobahnCase) {
  const client = await RawClient.open(port)
  for (const [index, bytes] of send.entries()) {
    if (chop) await client.chop(bytes, chop)
    else client.write(bytes)
    // What a paced piece brings; the last close is sent when all is here.
    if (paced) await client.until(() => client.events.length >= Math.min(index + 1, expected.length))
    else if (index === send.length - 2) await client.until(() => client.events.length >= expected.length)
  }
  await client.ended
  const last = client.events.at(-1) ?? ''
  const closed = /^close \d+|^close/.exec(last)?.[0]
  return { events: closed ? client.events.slice(0, -1) : client.events, end: closed ?? 'cut' }
}
