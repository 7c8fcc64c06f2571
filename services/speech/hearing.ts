import type { TranscribeRequest, TranscribeResponse } from '#gen/spellmesh/speech/v1/speech.ts'
import { invalid, unavailable } from '#mesh/errors.ts'
import { durationOf } from './duration.ts'
import type { Asker } from './provider.ts'
import { readKey, readRecording } from './request.ts'
import type { Voices } from './voices.ts'

export interface HeardRecording {
  readonly provider: string
  readonly seconds: number
}

/** Listens: partial texts, then the transcript. */
export async function* hear(
  requests: AsyncIterable<TranscribeRequest>,
  asker: Asker,
  {
    voices,
    defaultRecogniser,
    limitBytes,
    onHeard,
  }: { voices: Voices; defaultRecogniser: string; limitBytes: number; onHeard(heard: HeardRecording): void },
): AsyncGenerator<TranscribeResponse> {
  const idempotencyKey = readKey(asker.call.metadata.get('idempotency-key'))
  const { options, audio, kind } = await readRecording(requests, limitBytes)
  const recogniser = await voices.recogniser(options.model || defaultRecogniser, asker)
  const takes = recogniser.listed?.takes
  if (takes && !takes.includes(kind))
    throw invalid([{ path: 'audio', message: `"${recogniser.id}" takes ${takes.join(', ')}, not ${kind}` }])
  const durationMs = durationOf(audio, kind)
  const { language, timestamps, prompt } = options
  const parts = recogniser.provider.hear(
    { model: recogniser.name, audio, kind, durationMs, language, timestamps, prompt, idempotencyKey },
    asker,
  )
  for await (const part of parts) {
    if ('partial' in part) {
      yield { part: { $case: 'partial', value: part.partial } }
      continue
    }
    const length = part.durationMs || durationMs
    onHeard({ provider: recogniser.id.slice(0, recogniser.id.indexOf('/')), seconds: length / 1000 })
    return yield {
      part: {
        $case: 'transcript',
        value: {
          text: part.text,
          language: part.language ?? '',
          durationMs: Math.round(length),
          segments: [...(part.segments ?? [])],
          words: [...(part.words ?? [])],
          model: recogniser.id,
          ...(part.cost === undefined ? {} : { cost: part.cost }),
        },
      },
    }
  }
  throw unavailable(`"${recogniser.id}" broke off before its end`)
}
