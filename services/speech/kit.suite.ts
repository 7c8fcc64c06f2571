// Speaking and listening through the contract, for tests.
import { SpeechServiceDefinition } from '#gen/spellmesh/speech/v1/speech.ts'
import type { Transcript, TranscribeRequest } from '#gen/spellmesh/speech/v1/speech.ts'
import type { Clients } from '#mesh/testing.ts'
import type { Client, ClientCallOptions } from '#mesh/service.ts'

type Speech = Client<typeof SpeechServiceDefinition>
type Said = Parameters<Speech['synthesize']>[0]
type Asked = NonNullable<Extract<TranscribeRequest['part'], { $case: 'options' }>>['value']

export const speechOf = (clients: Clients): Speech => clients.client(SpeechServiceDefinition)

/** All that was answered: the beginning, the bytes, the finish; and in how many pieces. */
export async function say(speech: Speech, request: Said, options?: ClientCallOptions) {
  const order: string[] = []
  const pieces: Uint8Array[] = []
  let [mediaType, voice, durationMs] = ['', '', 0]
  let cost: number | undefined
  for await (const { part } of speech.synthesize(request, options)) {
    if (part && part.$case !== order.at(-1)) order.push(part.$case)
    if (part?.$case === 'begin') [mediaType, voice] = [part.value.mediaType, part.value.voice]
    else if (part?.$case === 'audio') pieces.push(part.value)
    else if (part?.$case === 'finish') [durationMs, cost] = [part.value.durationMs, part.value.cost]
  }
  return { audio: new Uint8Array(Buffer.concat(pieces)), pieces, order, mediaType, voice, durationMs, cost }
}

/** A request's stream: options, then the bytes in pieces. */
export async function* recordingOf(audio: Uint8Array, options: Partial<Asked> = {}, pieceBytes = 100_000) {
  yield { part: { $case: 'options' as const, value: options } }
  for (let at = 0; at < audio.length; at += pieceBytes)
    yield { part: { $case: 'audio' as const, value: audio.subarray(at, at + pieceBytes) } }
}

/** What was heard: the partial texts, then the transcript. */
export async function listen(
  speech: Speech,
  audio: Uint8Array,
  options?: Partial<Asked>,
  call?: ClientCallOptions & { pieceBytes?: number },
): Promise<Transcript & { partials: readonly string[] }> {
  const partials: string[] = []
  let transcript: Transcript | undefined
  for await (const { part } of speech.transcribe(recordingOf(audio, options, call?.pieceBytes), call)) {
    if (transcript) throw new Error('something came after the transcript')
    if (part?.$case === 'partial') partials.push(part.value)
    else if (part?.$case === 'transcript') transcript = part.value
  }
  if (!transcript) throw new Error('there was no transcript')
  return { ...transcript, partials }
}
