// Who speaks OpenAI's chat API, and where they differ from it. One line each: a new vendor of that kind needs nothing else.

/** Where a vendor departs from OpenAI's API. */
export interface Quirks {
  /** The field for the most tokens of an answer: that of old, which most servers know, or OpenAI's own. */
  readonly maxTokens?: 'max_tokens' | 'max_completion_tokens'
  /** Fields that the vendor refuses: they are left out. */
  readonly without?: readonly (
    | 'stream_options'
    | 'seed'
    | 'penalties'
    | 'logit_bias'
    | 'parallel_tool_calls'
    | 'reasoning_effort'
    | 'temperature_of_reasoning'
  )[]
  /** How the shape of an answer is asked for: by `response_format`, by its older form that promises JSON only, or in words alone. */
  readonly schema?: 'json_schema' | 'json_object' | 'words'
  /** Whether thoughts come within the text, between `<think>` and `</think>`. */
  readonly thinkTags?: boolean
  /** Whether `required` and named tools are understood; else `auto` is said instead. */
  readonly toolChoice?: 'auto'
  /** Whether https URLs of images are left to the vendor, who fetches them; `data`: it takes data URLs only, or stands inside this network. */
  readonly images?: 'data'
}

export interface Preset {
  readonly name: string
  /** As people write it. */
  readonly title: string
  /** Where its API answers; empty: only where the setting says. */
  readonly url: string
  /** Whether it cannot be asked without a key. */
  readonly needsKey: boolean
  /** Where to get a key, or how to set it up. */
  readonly about: string
  readonly quirks?: Quirks
}

export const PRESETS = [
  {
    name: 'openai',
    title: 'OpenAI',
    url: 'https://api.openai.com/v1',
    needsKey: true,
    about: 'a key from https://platform.openai.com/api-keys',
    quirks: { without: ['temperature_of_reasoning'] },
  },
  {
    name: 'anthropic',
    title: 'Anthropic',
    url: 'https://api.anthropic.com/v1',
    needsKey: true,
    about: 'a key from https://console.anthropic.com/settings/keys',
    quirks: { without: ['seed', 'penalties', 'logit_bias', 'reasoning_effort'], schema: 'words' },
  },
  {
    name: 'google',
    title: 'Google Gemini',
    url: 'https://generativelanguage.googleapis.com/v1beta/openai',
    needsKey: true,
    about: 'a key from https://aistudio.google.com/apikey',
    quirks: { without: ['seed', 'penalties', 'logit_bias', 'parallel_tool_calls'], images: 'data' },
  },
  {
    name: 'mistral',
    title: 'Mistral AI',
    url: 'https://api.mistral.ai/v1',
    needsKey: true,
    about: 'a key from https://console.mistral.ai/api-keys',
    quirks: { without: ['stream_options', 'seed', 'logit_bias', 'reasoning_effort'] },
  },
  {
    name: 'groq',
    title: 'Groq',
    url: 'https://api.groq.com/openai/v1',
    needsKey: true,
    about: 'a key from https://console.groq.com/keys',
    quirks: { without: ['penalties', 'logit_bias'], thinkTags: true },
  },
  {
    name: 'deepseek',
    title: 'DeepSeek',
    url: 'https://api.deepseek.com/v1',
    needsKey: true,
    about: 'a key from https://platform.deepseek.com/api_keys',
    quirks: { without: ['seed', 'logit_bias', 'parallel_tool_calls', 'reasoning_effort'], schema: 'json_object' },
  },
  {
    name: 'openrouter',
    title: 'OpenRouter',
    url: 'https://openrouter.ai/api/v1',
    needsKey: true,
    about: 'a key from https://openrouter.ai/settings/keys',
  },
  {
    name: 'together',
    title: 'Together AI',
    url: 'https://api.together.xyz/v1',
    needsKey: true,
    about: 'a key from https://api.together.ai/settings/api-keys',
    quirks: { without: ['parallel_tool_calls'], thinkTags: true },
  },
  {
    name: 'ai21',
    title: 'AI21 Labs',
    url: 'https://api.ai21.com/studio/v1',
    needsKey: true,
    about: 'a key from https://studio.ai21.com/account/api-key',
    quirks: {
      without: ['stream_options', 'seed', 'penalties', 'logit_bias', 'parallel_tool_calls', 'reasoning_effort'],
      schema: 'json_object',
      toolChoice: 'auto',
    },
  },
  {
    name: 'ollama',
    title: 'Ollama',
    url: 'http://127.0.0.1:11434/v1',
    needsKey: false,
    about: 'models on this machine, from https://ollama.com; found when it listens on its usual port',
    quirks: { without: ['logit_bias', 'parallel_tool_calls'], thinkTags: true, images: 'data' },
  },
  {
    name: 'vllm',
    title: 'vLLM',
    url: '',
    needsKey: false,
    about: 'a server of your own: set VLLM_BASE_URL, e.g. http://127.0.0.1:8000/v1',
    quirks: { thinkTags: true, images: 'data' },
  },
  {
    name: 'lmstudio',
    title: 'LM Studio',
    url: '',
    needsKey: false,
    about: 'models on this machine: set LMSTUDIO_BASE_URL, e.g. http://127.0.0.1:1234/v1',
    quirks: { without: ['parallel_tool_calls'], thinkTags: true, images: 'data' },
  },
] as const satisfies readonly Preset[]

export type PresetName = (typeof PRESETS)[number]['name']

/** The settings that say where a preset answers, and with which key. */
export type KeySetting = `${Uppercase<PresetName>}_API_KEY`
export type UrlSetting = `${Uppercase<PresetName>}_BASE_URL`

export const keySettingOf = (name: PresetName): KeySetting => `${name.toUpperCase() as Uppercase<PresetName>}_API_KEY`
export const urlSettingOf = (name: PresetName): UrlSetting => `${name.toUpperCase() as Uppercase<PresetName>}_BASE_URL`
