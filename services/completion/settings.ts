import { OUTBOUND_SETTINGS } from '#mesh/outbound.ts'
import { httpUrl, integer, secret, text } from '#mesh/settings.ts'
import type { Setting, SettingsOf } from '#mesh/settings.ts'
import { LEDGER_SETTINGS } from './ledger/ledger.ts'
import { keySettingOf, PRESETS, urlSettingOf } from './providers/presets.ts'
import type { KeySetting, Preset, UrlSetting } from './providers/presets.ts'

/** The settings, and the users' secrets, that hold keys. */
export type SecretName = KeySetting | 'HF_TOKEN'

export const SETTINGS = {
  DEFAULT_MODEL: text('model used where none is named', 'local/demo'),
  DEFAULT_EMBEDDING_MODEL: text('model of embeddings used where none is named', 'local/lexical'),
  DEFAULT_IMAGE_MODEL: text('model of images used where none is named', 'local/sketch'),
  MODEL_CATALOGUE: text(
    'path of a JSON file with models, their sizes and prices, in place of those that are built in (see services/completion/catalogue.json)',
  ),
  ...ofPresets(),
  HF_TOKEN: secret('key for Hugging Face'),
  LOCAL_MODEL_DELAY_MS: integer('pause between the words of the built-in demo model, in milliseconds', 20, {
    max: 10_000,
  }),
  COMPLETION_TIMEOUT_MS: integer('longest silence of a model’s provider, in milliseconds', 60_000, { min: 100 }),
  COMPLETION_RETRIES: integer('how often a provider that failed is asked again', 2, { max: 10 }),
  COMPLETION_RATE: integer('most requests a minute to one provider with one key; 0: any number', 0),
  COMPLETION_CONCURRENCY: integer('most requests at once to one provider with one key; 0: any number', 2_000),
  COMPLETION_KEEP_MS: integer(
    'how long an answer is kept for who asks again with its idempotency key, in milliseconds; 0: none is kept',
    86_400_000,
  ),
  COMPLETION_LEASE_MS: integer(
    'how long who asks again waits for an answer that nobody works on any more, in milliseconds',
    10_000,
    { min: 200 },
  ),
  ...LEDGER_SETTINGS,
  ...OUTBOUND_SETTINGS,
}

export type CompletionSettings = SettingsOf<typeof SETTINGS>

/** Where each preset answers and with which key. */
function ofPresets(): Record<KeySetting | UrlSetting, Setting<string>> {
  const each = PRESETS.flatMap(
    ({ name, title, url, needsKey }: Preset & { name: (typeof PRESETS)[number]['name'] }) => [
      [keySettingOf(name), secret(`key for ${title}${needsKey ? '' : ', where it wants one'}`)] as const,
      [
        urlSettingOf(name),
        httpUrl(
          name === 'openai'
            ? 'where an OpenAI-compatible API answers, e.g. http://localhost:11434/v1; none: OpenAI itself'
            : `where ${title} answers; none: ${url || 'it is not asked'}`,
        ),
      ] as const,
    ],
  )
  return Object.fromEntries(each) as Record<KeySetting | UrlSetting, Setting<string>>
}
