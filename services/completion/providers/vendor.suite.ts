// A vendor at the wire, and the provider that asks it.
import { inParts, openOpenAiServer } from '../openai-server.suite.ts'
import type { OpenAiServer, Reply } from '../openai-server.suite.ts'
import { callWith, openEnvironment, QUESTION } from '../provider.suite.ts'
import type { Provider, ProviderPart, ProviderRequest } from '../provider.ts'
import { framesOf } from './chunks.suite.ts'
import presets from './openai.ts'
import { urlSettingOf } from './presets.ts'
import type { PresetName } from './presets.ts'

export const KEY = 'sk-very-secret-0123456789'
const never = new AbortController().signal

/** A server that speaks OpenAI's format, under the name of any preset. */
export interface Vendor {
  readonly server: OpenAiServer
  open(name?: PresetName, timeoutMs?: number, more?: Record<string, string>): Provider
  ask(request?: Partial<ProviderRequest>, provider?: Provider): Promise<ProviderPart[]>
}

export async function openVendor(): Promise<Vendor> {
  const server = await openOpenAiServer()
  const open: Vendor['open'] = (name = 'openai', timeoutMs = 10_000, more = {}) => {
    const source = { [urlSettingOf(name)]: server.url, COMPLETION_TIMEOUT_MS: `${timeoutMs}`, ...more }
    const provider = presets.find(one => one.name === name)?.open(openEnvironment(source))
    if (!provider) throw new Error('it is set up, and yet does not open')
    return provider
  }
  return {
    server,
    open,
    async ask(request = {}, provider = open()) {
      const parts: ProviderPart[] = []
      for await (const part of provider.complete({ ...QUESTION, model: 'tiny-1', ...request }, callWith(never, KEY)))
        parts.push(part)
      return parts
    },
  }
}

/** Says these chunks. */
export const say = (...chunks: readonly (object | string)[]): Reply => inParts(framesOf(...chunks), 1_000_000)
