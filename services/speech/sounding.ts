import { unavailable } from '#mesh/errors.ts'
import type { SpokenPart } from './provider.ts'
import { MEDIA_TYPES, sniffAudio, SNIFFED_BYTES } from './sniff.ts'

/** Bytes as parts of speech: what kind of audio they are they tell themselves, whatever was asked for. `who` is named where they are none. */
export async function* toSpoken(bytes: AsyncIterable<Uint8Array>, who: string): AsyncGenerator<SpokenPart> {
  let begin = Buffer.alloc(0)
  let begun = false
  for await (const piece of bytes) {
    if (begun) {
      yield { audio: piece }
      continue
    }
    begin = Buffer.concat([begin, piece])
    if (begin.length < SNIFFED_BYTES) continue
    const kind = sniffAudio(begin)
    if (!kind) throw unavailable(`${who} answered with what is no audio: ${wordsOf(begin)}`)
    yield { mediaType: MEDIA_TYPES[kind] }
    yield { audio: begin }
    begun = true
  }
  if (!begun) throw unavailable(`${who} broke off after ${begin.length} bytes`)
}

function wordsOf(bytes: Buffer): string {
  return bytes
    .subarray(0, 200)
    .toString('latin1')
    .replace(/[^\x20-\x7e]+/g, ' ')
}
