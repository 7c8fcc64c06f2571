import { expect, test } from '@jest/globals'
import { endingOf, jsonInWords, mediaInWords, mediaOf, textInWords, toBlob } from './media.ts'

const PNG = `data:image/png;base64,${'iVBORw0K'.repeat(500)}`

test('pictures and sounds are told by how they begin, large ones by the head of their reference', () => {
  expect(mediaOf(PNG)).toEqual({ kind: 'image', type: 'image/png', size: 3001, url: PNG, blob: undefined })
  expect(mediaOf('data:audio/wav;base64,AAAA')).toMatchObject({ kind: 'audio', type: 'audio/wav' })
  expect(mediaOf('data:image/svg+xml,%3Csvg/%3E')).toMatchObject({ kind: 'image', type: 'image/svg+xml' })
  const blob = { $blob: 'abc', size: 80_022, type: 'string', head: 'data:audio/webm;codecs=opus;base64,AAAA' }
  expect(mediaOf(blob)).toMatchObject({ kind: 'audio', type: 'audio/webm', url: undefined, blob: 'abc' })
})

test('what only looks like it is left as it is', () => {
  for (const value of [
    'image/png',
    'see data:image/png;base64,AA',
    'data:text/html,<b>',
    'data:image/',
    7,
    null,
    ['x'],
  ])
    expect(mediaOf(value)).toBeUndefined()
  expect(mediaOf({ $blob: 'abc', size: 80_000, type: 'object' })).toBeUndefined()
})

test('no wall of base64 is shown, wherever it stands', () => {
  expect(textInWords(PNG)).toBe('data:image/png,… (4 KB)')
  expect(textInWords('data: nothing')).toBe('data: nothing')
  expect(textInWords(`Look: ${PNG} and (${PNG}).`)).toBe('Look: data:image/png,… (4 KB) and (data:image/png,… (4 KB)).')
  expect(jsonInWords({ picture: PNG, list: [PNG], words: 'short' })).toBe(
    '{"picture":"data:image/png,… (4 KB)","list":["data:image/png,… (4 KB)"],"words":"short"}',
  )
  expect(mediaInWords({ type: 'image/svg+xml', size: 12_400 })).toBe('SVG, 12 KB')
  expect(mediaInWords({ type: 'audio/x-wav', size: 900 })).toBe('WAV, 900 bytes')
})

test('a data URL becomes bytes again', async () => {
  const blob = toBlob('data:audio/wav;base64,AAEC')
  expect([...new Uint8Array(await blob.arrayBuffer())]).toEqual([0, 1, 2])
  expect(blob.type).toBe('audio/wav')
  expect(await toBlob('data:image/svg+xml,%3Csvg%2F%3E').text()).toBe('<svg/>')
  expect(() => toBlob('https://example.org/a.png')).toThrow('expected a data URL')
  expect(['image/jpeg', 'audio/mpeg', 'image/svg+xml', 'audio/webm'].map(endingOf)).toEqual([
    'jpg',
    'mp3',
    'svg',
    'webm',
  ])
})
