import { unavailable } from '#mesh/errors.ts'
import type { Heard, HeardPart, HearRequest, Timed } from '../provider.ts'
import { MEDIA_TYPES } from '../sniff.ts'
import { createClient, createPatience } from './openai-client.ts'
import type { Api } from './openai-client.ts'
import { costOfHearing } from './openai-figures.ts'
import type { HeardUsage } from './openai-figures.ts'

/** Sends a recording, and gives its text as it comes. */
export async function* hearByApi(
  request: HearRequest,
  api: Api & { readonly isOpenAi: boolean; readonly timestamps: boolean },
  caller: AbortSignal,
): AsyncGenerator<HeardPart> {
  const { model, audio, kind, durationMs, language, prompt, idempotencyKey } = request
  const patience = createPatience(caller, api, `"${model}"`)
  const costOf = (usage: HeardUsage | undefined, ms: number) => {
    const cost = api.isOpenAi ? costOfHearing(model, usage, ms) : undefined
    return cost === undefined ? {} : { cost }
  }
  try {
    const client = await createClient(api)
    const { toFile } = await import('openai')
    const { Stream } = await import('openai/streaming')
    const response = await client.audio.transcriptions
      .create(
        {
          file: await toFile(audio, `audio.${kind}`, { type: MEDIA_TYPES[kind] }),
          model,
          ...(language === '' ? {} : { language: language.split('-')[0]?.toLowerCase() ?? '' }),
          ...(prompt === '' ? {} : { prompt }),
          ...(request.timestamps && api.timestamps
            ? {
                response_format: 'verbose_json' as const,
                timestamp_granularities: ['word' as const, 'segment' as const],
              }
            : { response_format: 'json' as const, stream: true as const }),
        },
        { signal: patience.signal, headers: idempotencyKey === '' ? {} : { 'idempotency-key': idempotencyKey } },
      )
      .asResponse()
    patience.renew()
    if (!response.headers.get('content-type')?.includes('text/event-stream')) {
      const heard = toHeard(await response.json())
      return yield { ...heard, ...costOf(heard.usage, heard.durationMs ?? durationMs) }
    }
    let text = ''
    for await (const event of Stream.fromSSEResponse<SpokenEvent>(response, new AbortController(), client)) {
      patience.renew()
      if (event.type === 'transcript.text.delta' && typeof event.delta === 'string') {
        text += event.delta
        yield { partial: text }
      } else if (event.type === 'transcript.text.done' && typeof event.text === 'string') {
        const [found] = event.languages ?? []
        return yield {
          text: event.text,
          ...(found?.code ? { language: found.code } : language === '' ? {} : { language }),
          ...costOf(event.usage, durationMs),
        }
      }
    }
    if (patience.signal.aborted) throw patience.explain(undefined)
    throw unavailable(`the provider of speech broke off after ${text.length} characters`)
  } catch (error) {
    throw patience.explain(error)
  } finally {
    patience[Symbol.dispose]()
  }
}

/** Both events of a transcript that is streamed. */
interface SpokenEvent {
  readonly type?: unknown
  readonly delta?: unknown
  readonly text?: unknown
  readonly languages?: readonly { readonly code?: string }[]
  readonly usage?: HeardUsage
}

interface Verbose {
  readonly text?: unknown
  readonly language?: unknown
  readonly duration?: unknown
  readonly segments?: readonly { start: number; end: number; text: string }[]
  readonly words?: readonly { start: number; end: number; word: string }[]
  readonly usage?: HeardUsage
}

/** `json` or `verbose_json`: times are in seconds, languages sometimes English names. */
function toHeard(given: unknown): Heard & { readonly usage?: HeardUsage } {
  const { text, language, duration, segments, words, usage } = (given ?? {}) as Verbose
  if (typeof text !== 'string')
    throw unavailable(`the provider of speech cannot be understood: ${JSON.stringify(given).slice(0, 200)}`)
  const timed = (start: number, end: number, said: string): Timed => ({
    startMs: toMs(start),
    endMs: toMs(end),
    text: said.trim(),
  })
  const ms = toMs(duration)
  return {
    text,
    ...(typeof language === 'string' && language !== '' ? { language: toTag(language) } : {}),
    ...(ms > 0 ? { durationMs: ms } : {}),
    ...(Array.isArray(segments) ? { segments: segments.map(one => timed(one.start, one.end, String(one.text))) } : {}),
    ...(Array.isArray(words) ? { words: words.map(one => timed(one.start, one.end, String(one.word))) } : {}),
    ...(usage ? { usage } : {}),
  }
}

const toMs = (seconds: unknown) => {
  const ms = Math.round(Number(seconds) * 1000)
  return ms > 0 && ms < 2 ** 32 ? ms : 0
}

/** Whisper says "english" where BCP 47 says "en". */
function toTag(language: string): string {
  const name = language.toLowerCase()
  if (/^[a-z]{2,3}(-|$)/.test(name)) return language
  const names = new Intl.DisplayNames(['en'], { type: 'language' })
  for (let first = 97; first < 123; first++)
    for (let second = 97; second < 123; second++) {
      const code = String.fromCharCode(first, second)
      if (names.of(code)?.toLowerCase() === name) return code
    }
  return ''
}
