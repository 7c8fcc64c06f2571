import { UTF8_GROUPS } from './autobahn-utf8.suite.ts'
import { describePayload, frame } from './raw-client.suite.ts'

/** One case of the Autobahn test suite, played against a server that echoes texts and answers `binary` to binary messages. */
export interface AutobahnCase {
  readonly id: string
  /** What is written, piece after piece. */
  readonly send: readonly Buffer[]
  /** Written in pieces of so many bytes. */
  readonly chop?: number
  /** Each piece waits for the events that those before it bring. */
  readonly paced?: boolean
  /** What comes back before the end. */
  readonly expect: readonly string[]
  /** The close code; a failure, where the case is a violation. */
  readonly end: { readonly clean: string } | { readonly failure: 1002 | 1007 }
}

const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10] as const
const text = (payload: Buffer | string, fin = true) => frame({ opcode: TEXT, payload, fin })
const more = (payload: Buffer | string, fin: boolean) => frame({ opcode: CONTINUATION, payload, fin })
const ping = (payload: Buffer | string = '') => frame({ opcode: PING, payload })
const pong = (payload: Buffer | string = '') => frame({ opcode: PONG, payload })
const close = (code: number | undefined, reason: Buffer | string = '') =>
  frame({ opcode: CLOSE, payload: code === undefined ? '' : Buffer.concat([short(code), Buffer.from(reason)]) })
const short = (value: number) => Buffer.from([value >> 8, value & 255])
const echo = (payload: Buffer | string) => describePayload('text', payload)
const isPong = (payload: Buffer | string) => describePayload('pong', payload)

const NORMAL = close(1000)
const CLEAN = { clean: 'close 1000' } as const
const VIOLATION = { failure: 1002 } as const
const INVALID = { failure: 1007 } as const
const HELLO = 'Hello, world!'
const KOSME = Buffer.from('κόσμε')

/** Something valid, closed by us. */
function good(id: string, send: readonly Buffer[], expect: readonly string[], chop?: number): AutobahnCase {
  return { id, send: [...send, NORMAL], expect, end: CLEAN, ...(chop ? { chop } : {}) }
}
/** Something the server must fail the connection for. */
function bad(id: string, send: readonly Buffer[], expect: readonly string[] = [], chop?: number): AutobahnCase {
  return { id, send, expect, end: VIOLATION, ...(chop ? { chop } : {}) }
}

function framing(): AutobahnCase[] {
  return [0, 125, 126, 127, 128, 65_535, 65_536, 65_536].flatMap((size, index) => {
    const chop = index === 7 ? 997 : undefined
    const payload = Buffer.alloc(size, index === 7 ? '*' : '-')
    return [
      good(`1.1.${index + 1}`, [text(payload)], [echo(payload)], chop),
      good(`1.2.${index + 1}`, [frame({ opcode: BINARY, payload })], [echo('binary')], chop),
    ]
  })
}

function pings(): AutobahnCase[] {
  const odd = Buffer.from('00fffefdfcfb00ff', 'hex')
  const long = Buffer.alloc(125, 0xfe)
  const ten = Array.from({ length: 10 }, (_, index) => `payload-${index}`)
  return [
    good('2.1', [ping()], [isPong('')]),
    good('2.2', [ping(HELLO)], [isPong(HELLO)]),
    good('2.3', [ping(odd)], [isPong(odd)]),
    good('2.4', [ping(long)], [isPong(long)]),
    bad('2.5', [ping(Buffer.alloc(126, 0xfe))]),
    good('2.6', [ping(long)], [isPong(long)], 1),
    good('2.7', [pong()], []),
    good('2.8', [pong('unsolicited')], []),
    good('2.9', [pong('unsolicited'), ping('asked')], [isPong('asked')]),
    good('2.10', ten.map(ping), ten.map(isPong)),
    good('2.11', ten.map(ping), ten.map(isPong), 1),
  ]
}

function reserved(): AutobahnCase[] {
  const wrong = (bits: number, opcode: number = TEXT) => frame({ opcode, payload: HELLO, reserved: bits })
  return [
    bad('3.1', [wrong(1)]),
    { ...bad('3.2', [text(HELLO), wrong(2), ping()], [echo(HELLO)]), paced: true },
    { ...bad('3.3', [text(HELLO), wrong(3), ping()], [echo(HELLO)], 4096), paced: true },
    bad('3.4', [text(HELLO), wrong(4), ping()], [echo(HELLO)], 1),
    bad('3.5', [wrong(5, BINARY)]),
    bad('3.6', [wrong(6, PING)]),
    bad('3.7', [frame({ opcode: CLOSE, payload: short(1000), reserved: 7 })]),
  ]
}

function opcodes(): AutobahnCase[] {
  return [3, 11].flatMap((first, kind) => {
    const id = `4.${kind + 1}`
    const unknown = (offset: number, payload = '') => frame({ opcode: first + offset, payload })
    return [
      bad(`${id}.1`, [unknown(0)]),
      bad(`${id}.2`, [unknown(1, 'reserved opcode payload')]),
      { ...bad(`${id}.3`, [text(HELLO), unknown(2), ping()], [echo(HELLO)]), paced: true },
      { ...bad(`${id}.4`, [text(HELLO), unknown(3, HELLO), ping()], [echo(HELLO)], 4096), paced: true },
      bad(`${id}.5`, [text(HELLO), unknown(4, HELLO), ping()], [echo(HELLO)], 1),
    ]
  })
}

function fragments(): AutobahnCase[] {
  const halves = [text('fragment1', false), more('fragment2', true)]
  const whole = [echo('fragment1fragment2')]
  const between = [text('fragment1', false), ping('ping'), more('fragment2', true)]
  const each = (from: number, of: (id: string, chop?: number) => AutobahnCase) =>
    [undefined, 4096, 1].map((chop, index) => of(`5.${from + index}`, chop))
  const five = [
    text('fragment1', false),
    more('fragment2', false),
    ping('pongme 1!'),
    more('fragment3', false),
    more('fragment4', false),
    ping('pongme 2!'),
    more('fragment5', true),
  ]
  const allFive = [isPong('pongme 1!'), isPong('pongme 2!'), echo('fragment1fragment2fragment3fragment4fragment5')]
  return [
    bad('5.1', [frame({ opcode: PING, payload: 'fragment1', fin: false }), more('fragment2', true)]),
    bad('5.2', [frame({ opcode: PONG, payload: 'fragment1', fin: false }), more('fragment2', true)]),
    ...each(3, (id, chop) => good(id, halves, whole, chop)),
    ...each(6, (id, chop) => good(id, between, [isPong('ping'), ...whole], chop)),
    ...each(9, (id, chop) => bad(id, [more('non-continuation', true), text(HELLO)], [], chop)),
    ...each(12, (id, chop) => bad(id, [more('non-continuation', false), text(HELLO)], [], chop)),
    { ...bad('5.15', [Buffer.concat(halves), more('fragment3', false), text('fragment4')], whole), paced: true },
    bad('5.16', [more('fragment1', false), text('fragment2', false), more('fragment3', true)]),
    bad('5.17', [more('fragment1', true), text('fragment2', false), more('fragment3', true)]),
    bad('5.18', [text('fragment1', false), text('fragment2', true)]),
    { ...good('5.19', five, allFive), chop: 4096 },
    good('5.20', five, allFive),
  ]
}

function texts(): AutobahnCase[] {
  const bytewise = (bytes: Buffer) => [
    ...Array.from(bytes, (byte, index) =>
      frame({ opcode: index ? CONTINUATION : TEXT, payload: Buffer.from([byte]), fin: false }),
    ),
    more('', true),
  ]
  const mixed = Buffer.from('Hello-µ@ßöäüàá-UTF-8!!')
  const broken = Buffer.concat([KOSME, Buffer.from('eda080', 'hex'), Buffer.from('edited')])
  const tooHigh = [KOSME, Buffer.from('f4908080', 'hex'), Buffer.from('edited')] as const
  const cut = [
    Buffer.concat([KOSME, Buffer.from('f4', 'hex')]),
    Buffer.from('90', 'hex'),
    Buffer.from('8080656469746564', 'hex'),
  ] as const
  const frames = ([one, two, three]: readonly [Buffer, Buffer, Buffer]) => [
    text(one, false),
    more(two, false),
    more(three, true),
  ]
  const invalid = (id: string, send: readonly Buffer[], chop?: number): AutobahnCase => ({
    ...bad(id, send, [], chop),
    end: INVALID,
  })
  return [
    good('6.1.1', [text('')], [echo('')]),
    good('6.1.2', [text('', false), more('', false), more('', true)], [echo('')]),
    good(
      '6.1.3',
      [text('', false), more('middle frame payload', false), more('', true)],
      [echo('middle frame payload')],
    ),
    good('6.2.1', [text(mixed)], [echo(mixed)]),
    good('6.2.2', [text(mixed.subarray(0, 12), false), more(mixed.subarray(12), true)], [echo(mixed)]),
    good('6.2.3', bytewise(mixed), [echo(mixed)]),
    good('6.2.4', bytewise(KOSME), [echo(KOSME)]),
    invalid('6.3.1', [text(broken)]),
    invalid('6.3.2', bytewise(broken)),
    // Its first two parts are in themselves no violation that must be seen before the end (Autobahn: OK or NON-STRICT).
    invalid('6.4.1', frames(tooHigh), 4096),
    invalid('6.4.2', frames(cut), 4096),
    invalid('6.4.3', [text(Buffer.concat(tooHigh))], 17),
    invalid('6.4.4', [text(Buffer.concat(cut))], 18),
    ...UTF8_GROUPS.flatMap(({ group, valid, invalid: wrong }) => [
      ...words(valid).map(hex =>
        good(`${group} ${hex}`, [text(Buffer.from(hex, 'hex'))], [echo(Buffer.from(hex, 'hex'))]),
      ),
      ...words(wrong).map(hex => invalid(`${group} ${hex}`, [text(Buffer.from(hex, 'hex'))])),
    ]),
  ]
}
const words = (list: string) => list.split(' ').filter(Boolean)

function closes(): AutobahnCase[] {
  const ended = (
    id: string,
    send: readonly Buffer[],
    clean = 'close 1000',
    expect: readonly string[] = [],
  ): AutobahnCase => ({
    id,
    send: [Buffer.concat(send)],
    expect,
    end: { clean },
  })
  const big = Buffer.alloc(256 * 1024, 'BAsd7&jh23')
  return [
    good('7.1.1', [text('Hello World!')], [echo('Hello World!')]),
    ended('7.1.2', [NORMAL, NORMAL]),
    ended('7.1.3', [NORMAL, ping()]),
    ended('7.1.4', [NORMAL, text('Hello World!')]),
    ended('7.1.5', [text('fragment1', false), NORMAL, more('fragment2', true)]),
    ended('7.1.6', [text(big), text('Hello World!'), NORMAL, ping()], 'close 1000', [echo(big), echo('Hello World!')]),
    ended('7.3.1', [close(undefined)], 'close'),
    bad('7.3.2', [frame({ opcode: CLOSE, payload: 'a' })]),
    ended('7.3.3', [NORMAL]),
    ended('7.3.4', [close(1000, 'Hello World!')]),
    ended('7.3.5', [close(1000, '*'.repeat(123))]),
    bad('7.3.6', [close(1000, '*'.repeat(124))]),
    { ...bad('7.5.1', [close(1000, Buffer.from('cebae1bdb9cf83cebcceb5eda080656469746564', 'hex'))]), end: INVALID },
    ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code, index) =>
      ended(`7.7.${index + 1}`, [close(code)], `close ${code}`),
    ),
    ...[0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999].map((code, index) => bad(`7.9.${index + 1}`, [close(code)])),
    // Autobahn takes any answer to these two.
    bad('7.13.1', [close(5000)]),
    bad('7.13.2', [close(65_535)]),
  ]
}

/** Both kinds of message, in whole or in pieces. */
function limits(): AutobahnCase[] {
  const KB = 1024
  const both = (
    group: number,
    index: number,
    size: number,
    send: (opcode: number, payload: Buffer) => Buffer[],
    chop?: number,
  ) => {
    const payload = Buffer.alloc(size, '*')
    return [
      good(`9.${group}.${index + 1}`, send(TEXT, payload), [echo(payload)], chop),
      good(`9.${group + 1}.${index + 1}`, send(BINARY, payload), [echo('binary')], chop),
    ]
  }
  const inOne = (opcode: number, payload: Buffer) => [frame({ opcode, payload })]
  const inParts = (size: number) => (opcode: number, payload: Buffer) => [Buffer.concat(split(opcode, payload, size))]
  return [
    ...[64, 256, KB, 4 * KB, 8 * KB, 16 * KB].flatMap((size, index) => both(1, index, size * KB, inOne)),
    ...[64, 256, KB, 4 * KB, 16 * KB, 64 * KB, 256 * KB, KB * KB, 4 * KB * KB].flatMap((size, index) =>
      both(3, index, 4 * KB * KB, inParts(size)),
    ),
    ...[64, 128, 256, 512, 1024, 2048].flatMap((chop, index) => both(5, index, KB * KB, inOne, chop)),
    ...[0, 16, 64, 256, 1024, 4096].flatMap((size, index) => {
      const payload = Buffer.alloc(size, '*')
      const thousand = <T>(one: T) => Array.from({ length: 1000 }, () => one)
      return [
        { ...good(`9.7.${index + 1}`, thousand(text(payload)), thousand(echo(payload))), paced: true },
        {
          ...good(`9.8.${index + 1}`, thousand(frame({ opcode: BINARY, payload })), thousand(echo('binary'))),
          paced: true,
        },
      ]
    }),
    ...both(10, 0, 65_536, inParts(1300))
      .slice(0, 1)
      .map(one => ({ ...one, id: '10.1.1' })),
  ]
}

function split(opcode: number, payload: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(payload.length / size) }, (_, index) =>
    frame({
      opcode: index === 0 ? opcode : CONTINUATION,
      payload: payload.subarray(index * size, (index + 1) * size),
      fin: (index + 1) * size >= payload.length,
    }),
  )
}

/** All cases, by group; made when asked for: some are large. */
export const AUTOBAHN: Readonly<Record<string, () => AutobahnCase[]>> = {
  '1 framing': framing,
  '2 pings and pongs': pings,
  '3 reserved bits': reserved,
  '4 opcodes': opcodes,
  '5 fragmentation': fragments,
  '6 UTF-8': texts,
  '7 closing': closes,
  '9 and 10 limits': limits,
}
