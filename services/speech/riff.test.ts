import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { mpegFrames } from './api-server.suite.ts'
import { durationOf } from './duration.ts'
import { toSounds } from './letters.ts'
import { readWav, writeWavHeader } from './riff.ts'
import { MEDIA_TYPES, notAudio, sniffAudio } from './sniff.ts'
import type { AudioKind } from './sniff.ts'

const KINDS = Object.keys(MEDIA_TYPES) as AudioKind[]
const text = fc.string({ unit: 'binary', maxLength: 50 })
const note = text.map(one =>
  one
    .toWellFormed()
    .replaceAll('\0', ' ')
    .replace(/^\ufeff/, ''),
)

describe('a RIFF header', () => {
  test('is, byte for byte, what the specification says', () => {
    const header = Buffer.from(writeWavHeader({ sampleRate: 16_000, samples: 3, notes: { ICMT: 'hé' } }))
    expect(header.toString('latin1')).toBe(
      [
        'RIFF\x42\0\0\0WAVE',
        'fmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0',
        'LIST\x10\0\0\0INFOICMT\x04\0\0\0h\xc3\xa9\0',
        'data\x06\0\0\0',
      ].join(''),
    )
  })

  test('is read as it was written, whatever the comment', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200_000 }),
        fc.integer({ min: 0, max: 5_000 }),
        note,
        note,
        (rate, samples, one, two) => {
          const header = writeWavHeader({ sampleRate: rate, samples, notes: { ISFT: one, ICMT: two } })
          const bytes = Buffer.concat([header, Buffer.alloc(samples * 2)])
          expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8)
          expect(readWav(bytes)).toEqual({
            channels: 1,
            sampleRate: rate,
            byteRate: rate * 2,
            dataBytes: samples * 2,
            notes: new Map([
              ['ISFT', one],
              ['ICMT', two],
            ]),
          })
        },
      ),
    )
  })

  test('that was written into a stream has no size: what is there counts', () => {
    const bytes = Buffer.concat([writeWavHeader({ sampleRate: 8_000, samples: 0 }), Buffer.alloc(16_000)])
    bytes.writeUInt32LE(0xffff_ffff, 4)
    bytes.writeUInt32LE(0xffff_ffff, 40)
    expect(readWav(bytes)?.dataBytes).toBe(16_000)
    expect(durationOf(bytes, 'wav')).toBe(1_000)
  })

  test('without a format, or of another kind of file, says nothing', () => {
    expect(readWav(Buffer.from('RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd', 'latin1'))).toBeUndefined()
    expect(readWav(Buffer.from('RIFF\0\0\0\0AVI fmt \x10\0\0\0', 'latin1'))).toBeUndefined()
    expect(readWav(new Uint8Array())).toBeUndefined()
  })
})

describe('hostile bytes', () => {
  const valid = Buffer.concat([
    writeWavHeader({ sampleRate: 16_000, samples: 40, notes: { ISFT: 'x', ICMT: 'a comment' } }),
    Buffer.alloc(80),
  ])
  const ogg = Buffer.alloc(200)
  ogg.write('OggS')
  ogg[26] = 1
  ogg.write('OpusHead', 28)
  ogg.write('OggS', 100)
  const broken = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    ...[valid, mpegFrames(3), ogg, Buffer.from('fLaC\0\0\0\x22----------', 'latin1')].map(whole =>
      fc
        .tuple(fc.nat(whole.length), fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 12 }))
        .map(([length, changes]) => {
          const bytes = Uint8Array.from(whole)
          for (const [at, value] of changes) bytes[at] = value
          return bytes.subarray(0, length)
        }),
    ),
  )

  test('are read without harm: never more data than there is, a length that is a number', () => {
    fc.assert(
      fc.property(broken, bytes => {
        expect(readWav(bytes)?.dataBytes ?? 0).toBeLessThanOrEqual(bytes.length)
        const kind = sniffAudio(bytes)
        expect(kind === undefined || KINDS.includes(kind)).toBe(true)
        for (const one of KINDS) {
          const ms = durationOf(bytes, one)
          expect(Number.isInteger(ms) && ms >= 0 && ms < 2 ** 32).toBe(true)
        }
        expect(notAudio(bytes)).toMatch(/^expected audio as wav, mp3, ogg, webm, flac, m4a, got /)
      }),
      { numRuns: 1_000 },
    )
  })

  test('do not take long: megabytes of frames that are none, chunks of nothing, pages without a place', () => {
    const size = 4_000_000
    const none = new Uint8Array(size).fill(0xff)
    expect(durationOf(none, 'mp3')).toBe(0)
    const empty = Buffer.alloc(size)
    empty.write('RIFF----WAVE')
    expect(readWav(empty)).toBeUndefined()
    const pages = Buffer.alloc(size, Buffer.from('OggS\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff', 'latin1'))
    pages.fill('-', 14, 28)
    pages[26] = 1
    pages.write('OpusHead', 28)
    expect(durationOf(pages, 'ogg')).toBe(0)
  })
})

describe('lengths', () => {
  test('of MPEG frames, also after a tag and among rubbish', () => {
    expect(durationOf(mpegFrames(10), 'mp3')).toBe(240)
    const tag = Buffer.from('ID3\x04\0\0\0\0\0\x0a0123456789', 'latin1')
    expect(durationOf(Buffer.concat([tag, mpegFrames(10), Buffer.from('TAG'), mpegFrames(1)]), 'mp3')).toBe(264)
  })

  test('of Opus and FLAC', () => {
    const head = Buffer.alloc(47)
    head.write('OggS')
    head[26] = 1
    head.write('OpusHead', 28)
    head.writeUInt16LE(312, 38)
    const last = Buffer.alloc(30)
    last.write('OggS')
    last.writeBigInt64LE(48_312n, 6)
    const none = Buffer.alloc(30)
    none.write('OggS')
    none.writeBigInt64LE(-1n, 6)
    expect(durationOf(Buffer.concat([head, last, none]), 'ogg')).toBe(1_000)
    const flac = Buffer.alloc(42)
    flac.write('fLaC')
    flac.writeUInt32BE((44_100 << 12) >>> 0, 18)
    flac.writeUInt32BE(66_150, 22)
    expect(durationOf(flac, 'flac')).toBe(1_500)
  })

  test('of what cannot be told without decoding are unknown', () => {
    expect(durationOf(Buffer.from('\x1a\x45\xdf\xa3----', 'latin1'), 'webm')).toBe(0)
    expect(durationOf(Buffer.from('----ftypM4A '), 'm4a')).toBe(0)
  })
})

test.each([
  ['wav', 'RIFF\x24\0\0\0WAVEfmt '],
  ['mp3', 'ID3\x04\0\0\0\0\0\0\0\0'],
  ['mp3', '\xff\xfb\x90\x44--------'],
  ['mp3', '\xff\xf3\x84\xc4--------'],
  ['ogg', 'OggS\0\x02------'],
  ['webm', '\x1a\x45\xdf\xa3--------'],
  ['flac', 'fLaC\0\0\0\x22----'],
  ['m4a', '\0\0\0\x1cftypM4A '],
  [undefined, 'RIFF\x24\0\0\0AVI LIST'],
  [undefined, '<html><body>'],
  [undefined, '\xff\xfe\0h\0e\0l\0l\0'],
  [undefined, ''],
])('%s is told by how it begins', (kind, bytes) => {
  expect(sniffAudio(Buffer.from(bytes, 'latin1'))).toBe(kind)
})

test('every text can be spoken by the demo voice: each word has sounds of a sensible length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), given => {
      const words = toSounds(given)
      expect(words.map(({ text: word }) => word)).toEqual(given.match(/\S+/g) ?? [])
      for (const { sounds, place } of words) {
        expect(place >= 0 && place <= 1).toBe(true)
        expect(sounds.length).toBeGreaterThan(0)
        for (const { ms, formants } of sounds) expect(ms > 0 && ms <= 300 && formants.every(hz => hz > 0)).toBe(true)
      }
    }),
  )
})
