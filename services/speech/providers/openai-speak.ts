import { unavailable } from '#mesh/errors.ts'
import type { SpeakRequest, SpokenPart } from '../provider.ts'
import { MEDIA_TYPES, sniffAudio, SNIFFED_BYTES } from '../sniff.ts'
import { createClient, createPatience } from './openai-client.ts'
import type { Api } from './openai-client.ts'
import { costOfSpeech } from './openai-figures.ts'

/** Asks for speech, and gives its bytes as they come. */
export async function* speakByApi(
  { voice, text, format, speed, language, idempotencyKey }: SpeakRequest,
  api: Api & { readonly model: string; readonly isOpenAi: boolean },
  caller: AbortSignal,
): AsyncGenerator<SpokenPart> {
  const { model, isOpenAi } = api
  const patience = createPatience(caller, api, `"${model}" or the voice "${voice}"`)
  try {
    const response = await createClient(api).audio.speech.create(
      {
        model,
        input: text,
        voice: isOpenAi && voice.startsWith('voice_') ? { id: voice } : voice,
        ...(format ? { response_format: format } : {}),
        ...(speed === 1 ? {} : { speed }),
        ...(isOpenAi && language !== '' && model.startsWith('gpt-')
          ? { instructions: `Speak in the language "${language}" (BCP 47).` }
          : {}),
      },
      { signal: patience.signal, headers: idempotencyKey === '' ? {} : { 'idempotency-key': idempotencyKey } },
    )
    let begin = Buffer.alloc(0)
    let begun = false
    for await (const bytes of bytesOf(response.body)) {
      patience.renew()
      if (begun) {
        yield { audio: bytes }
        continue
      }
      // What kind it is tells the audio itself: not every server heeds the format that it was asked for.
      begin = Buffer.concat([begin, bytes])
      if (begin.length < SNIFFED_BYTES) continue
      yield { mediaType: mediaTypeOf(begin) }
      yield { audio: begin }
      begun = true
    }
    if (!begun) throw unavailable(`the provider of speech broke off after ${begin.length} bytes`)
  } catch (error) {
    throw patience.explain(error)
  } finally {
    patience[Symbol.dispose]()
  }
  if (patience.signal.aborted) throw patience.explain(undefined)
  const characters = Array.from(text).length
  yield { cost: durationMs => (isOpenAi ? costOfSpeech(model, characters, durationMs) : undefined) }
}

function mediaTypeOf(begin: Uint8Array): string {
  const kind = sniffAudio(begin)
  if (kind) return MEDIA_TYPES[kind]
  const words = Buffer.from(begin.subarray(0, 200))
    .toString('latin1')
    .replace(/[^\x20-\x7e]+/g, ' ')
  throw unavailable(`the provider of speech answered with what is no audio: ${words}`)
}

async function* bytesOf(body: Response['body']): AsyncGenerator<Uint8Array> {
  if (!body) return
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    // Whoever leaves closes the request.
    await reader.cancel().catch(() => {})
  }
}
