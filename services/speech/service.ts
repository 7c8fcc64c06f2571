import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { SpeechServiceDefinition } from '#gen/spellmesh/speech/v1/speech.ts'
import { UserServiceDefinition } from '#gen/spellmesh/user/v1/user.ts'
import { discoverRecord } from '#mesh/discover.ts'
import { createSecrets } from '#mesh/secrets.ts'
import { defineService } from '#mesh/service.ts'
import type { Call } from '#mesh/service.ts'
import { httpUrl, integer, secret, text } from '#mesh/settings.ts'
import { hear } from './hearing.ts'
import type { Asker, Provider, ProviderDefinition } from './provider.ts'
import { speak } from './speaking.ts'
import { createVoices } from './voices.ts'

export default defineService({
  contract: SpeechServiceDefinition,
  settings: {
    DEFAULT_VOICE: text('voice used where none is named', 'local/demo'),
    DEFAULT_RECOGNISER: text('recogniser used where none is named', 'local/demo'),
    SPEECH_BASE_URL: httpUrl(
      'where an API of speech like OpenAI’s answers, e.g. http://localhost:8880/v1; none: as for completion',
    ),
    SPEECH_API_KEY: secret('key for it; none: OPENAI_API_KEY'),
    SPEECH_MODEL: text('model of that API that speaks', 'gpt-4o-mini-tts'),
    OPENAI_BASE_URL: httpUrl(
      'where an OpenAI-compatible API answers, e.g. http://localhost:11434/v1; none: OpenAI itself',
    ),
    OPENAI_API_KEY: secret('key for it'),
    HF_TOKEN: secret('key of Hugging Face: here it only tells whether its voices are offered to everybody'),
    SPEECH_TIMEOUT_MS: integer('longest silence of a provider of speech, in milliseconds', 60_000, { min: 100 }),
    SPEECH_LIMIT_BYTES: integer('most that is listened to at once, in bytes', 25 * 1024 * 1024, { min: 1_000 }),
    ESPEAK_PROGRAM: text('program of eSpeak NG: a path, or a name in the usual folders', 'espeak-ng'),
    WHISPER_PROGRAM: text('program of whisper.cpp: a path, or a name in the usual folders', 'whisper-cli'),
    FFMPEG_PROGRAM: text('program that turns what browsers record (webm, m4a) into what whisper.cpp reads', 'ffmpeg'),
    WHISPER_MODEL: text('path of the model that whisper.cpp listens with; none: it is not used'),
  },
  uses: { huggingface: HuggingfaceServiceDefinition, user: UserServiceDefinition },
  async start({ settings, services, bus, log, metrics }) {
    const definitions = await discoverRecord<ProviderDefinition>(new URL('./providers/', import.meta.url))
    const providers = new Map<string, Provider>()
    for (const definition of Object.values(definitions)) {
      const provider = await definition.open({ settings, huggingface: services.huggingface })
      if (provider) providers.set(definition.name, provider)
    }
    const voices = createVoices(providers, log)
    const secrets = createSecrets({ service: 'speech', user: services.user, bus })
    const characters = metrics.counter('speech_characters_total', 'characters spoken', ['provider'])
    const seconds = metrics.counter('speech_heard_seconds_total', 'seconds listened to', ['provider'])
    const askerOf = (call: Call): Asker => ({
      call,
      secret: name => secrets.of(call).get(name),
      keeps: async name => (await secrets.names(call)).has(name),
    })
    return {
      synthesize: (request, call) =>
        speak(request, askerOf(call), {
          voices,
          defaultVoice: settings.DEFAULT_VOICE,
          onSpoken: spoken => characters.add(spoken.characters, { provider: spoken.provider }),
        }),
      transcribe: (requests, call) =>
        hear(requests, askerOf(call), {
          voices,
          defaultRecogniser: settings.DEFAULT_RECOGNISER,
          limitBytes: settings.SPEECH_LIMIT_BYTES,
          onHeard: heard => seconds.add(heard.seconds, { provider: heard.provider }),
        }),
      async listVoices(_, call) {
        const { voices: speakers, recognisers } = await voices.list(askerOf(call))
        return {
          voices: speakers.map(({ id, provider, title, about, languages, formats }) => ({
            id,
            provider,
            name: title,
            about,
            languages: [...languages],
            formats: [...formats],
          })),
          recognisers: recognisers.map(({ id, provider, about, partial, timestamps }) => ({
            id,
            provider,
            about,
            partial,
            timestamps,
          })),
          defaultVoice: settings.DEFAULT_VOICE,
          defaultRecogniser: settings.DEFAULT_RECOGNISER,
        }
      },
    }
  },
})
