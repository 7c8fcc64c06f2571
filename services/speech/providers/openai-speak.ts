import type { SpeakRequest, SpokenPart } from '../provider.ts'
import { toSpoken } from '../sounding.ts'
import { createClient, createPatience } from './openai-client.ts'
import type { Api, Patience } from './openai-client.ts'
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
    const client = await createClient(api)
    const response = await client.audio.speech.create(
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
    yield* toSpoken(bytesOf(response.body, patience), 'the provider of speech')
  } catch (error) {
    throw patience.explain(error)
  } finally {
    patience[Symbol.dispose]()
  }
  if (patience.signal.aborted) throw patience.explain(undefined)
  const characters = Array.from(text).length
  yield { cost: durationMs => (isOpenAi ? costOfSpeech(model, characters, durationMs) : undefined) }
}

async function* bytesOf(body: Response['body'], patience: Patience): AsyncGenerator<Uint8Array> {
  if (!body) return
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      patience.renew()
      yield value
    }
  } finally {
    // Whoever leaves closes the request.
    await reader.cancel().catch(() => {})
  }
}
