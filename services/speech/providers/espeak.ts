// eSpeak NG, where it is installed: a voice for about a hundred languages, of this machine.
import { invalid } from '#mesh/errors.ts'
import type { Asker, ProviderDefinition, ProviderVoice, SpeakRequest, SpokenPart } from '../provider.ts'
import { toSpoken } from '../sounding.ts'
import { findProgram, runProgram } from './program.ts'

/** Words a minute; its usual speed, and what it can. */
const USUAL = 175
const [SLOWEST, FASTEST] = [80, 450]
const LIST_MS = 10_000

export default {
  name: 'espeak',
  async open({ settings }) {
    const path = await findProgram(settings.ESPEAK_PROGRAM)
    if (!path) return undefined
    let known: Promise<readonly ProviderVoice[]> | undefined
    const voices = (): Promise<readonly ProviderVoice[]> => {
      const asked = (known ??= listVoices(path))
      asked.catch(() => (known = undefined))
      return asked
    }
    return {
      isReady: async () => true,
      accepts: () => false,
      voices,
      recognisers: async () => [],
      speak: (request, asker) => speak(path, request, asker, settings.SPEECH_TIMEOUT_MS),
      // It lists no recognisers, and so nobody gets here.
      hear: () => {
        throw invalid('"espeak" speaks and does not listen')
      },
    }
  },
} satisfies ProviderDefinition

async function* speak(
  path: string,
  { voice, text, speed, language }: SpeakRequest,
  { call }: Asker,
  timeoutMs: number,
): AsyncGenerator<SpokenPart> {
  const wordsAMinute = Math.min(FASTEST, Math.max(SLOWEST, Math.round(USUAL * speed)))
  const args = ['--stdout', '--stdin', '-b', '1', '-s', String(wordsAMinute), '-v', voice]
  // A language is another voice here: the one that speaks it.
  if (language !== '' && !voice.toLowerCase().startsWith(language.toLowerCase().split('-')[0] ?? ''))
    throw invalid([
      { path: 'language', message: `"espeak/${voice}" does not speak "${language}": expected another voice, or none` },
    ])
  yield* toSpoken(runProgram(path, { args, input: text, signal: call.signal, timeoutMs }), `"${path}"`)
  yield { cost: () => 0 }
}

/** Of lines like ` 5  en-us           --/M      English_(America)  gmw/en-US            (en 3)`. */
async function listVoices(path: string): Promise<readonly ProviderVoice[]> {
  const pieces: Buffer[] = []
  const signal = AbortSignal.timeout(LIST_MS)
  for await (const bytes of runProgram(path, { args: ['--voices'], signal, timeoutMs: LIST_MS })) pieces.push(bytes)
  const voices = Buffer.concat(pieces)
    .toString('utf8')
    .split('\n')
    .flatMap(line => {
      const [, language, name] = /^\s*\d+\s+([a-z][\w-]*)\s+\S+\s+(\S+)/i.exec(line) ?? []
      if (!language || !name) return []
      const title = name.replaceAll('_', ' ')
      return [
        {
          name: language,
          title,
          about: `${title}, spoken by eSpeak NG on this machine: plain, and offline`,
          languages: [language],
          formats: ['wav'] as const,
        },
      ]
    })
  return [...new Map(voices.map(voice => [voice.name, voice])).values()]
}
