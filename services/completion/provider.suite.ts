import { describe, expect, test } from '@jest/globals'
import { createLog } from '#mesh/log.ts'
import { readSettings } from '#mesh/settings.ts'
import type { SettingsSource } from '#mesh/settings.ts'
import type { Provider, ProviderCall, ProviderEnvironment, ProviderPart, ProviderRequest } from './provider.ts'
import { SETTINGS } from './settings.ts'

export const QUESTION: ProviderRequest = {
  model: '',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Three names for a boat' },
  ],
  stop: [],
  idempotencyKey: 'run/activation',
}

/** What providers are made from, with these settings; they are asked for no service. */
export function openEnvironment(source: SettingsSource): ProviderEnvironment {
  const problems: string[] = []
  const settings = readSettings(SETTINGS, source, problem => void problems.push(problem))
  if (problems.length > 0) throw new Error(problems.join('; '))
  const huggingface = {} as ProviderEnvironment['services']['huggingface']
  return { settings, services: { huggingface }, log: createLog('silent'), onStop: () => undefined }
}

/** A call for nobody in particular. */
export function callWith(signal: AbortSignal, key = ''): ProviderCall {
  return { signal, key, options: { caller: { user: 'ada', service: 'completion' }, signal } }
}

/** What a provider said, and how it ended. */
export async function listen(parts: AsyncIterable<ProviderPart>) {
  let text = ''
  let pieces = 0
  const ends: ProviderPart[] = []
  for await (const part of parts) {
    if ('text' in part) {
      if (ends.length > 0) throw new Error('text after the finish')
      text += part.text
      pieces++
    } else if ('reason' in part) ends.push(part)
  }
  return { text, pieces, ends }
}

/** Every provider behaves like this. `open` answers one that streams slowly enough to be left in the middle. */
export function testProvider(name: string, open: () => Promise<Provider>, upstreamIsClosed: () => Promise<void>): void {
  const never = callWith(new AbortController().signal)

  describe(name, () => {
    test('lists at least one model by name, and answers with it', async () => {
      const provider = await open()
      const [model] = await provider.models(never)
      expect(model?.name).toMatch(/^\S+$/)
      const { text, pieces, ends } = await listen(provider.complete({ ...QUESTION, model: model?.name ?? '' }, never))
      expect(text).not.toBe('')
      expect(pieces).toBeGreaterThan(1)
      expect(ends).toMatchObject([
        { reason: 'stop', usage: { inputTokens: expect.any(Number), outputTokens: expect.any(Number) } },
      ])
    })

    test('ends at the limit of tokens, and says so', async () => {
      const provider = await open()
      const [model] = await provider.models(never)
      const request = { ...QUESTION, model: model?.name ?? '', maxTokens: 2 }
      expect((await listen(provider.complete(request, never))).ends).toMatchObject([
        { reason: 'length', usage: { outputTokens: 2 } },
      ])
    })

    test('an aborted answer rejects as cancelled and closes its request', async () => {
      const provider = await open()
      const [model] = await provider.models(never)
      const abort = new AbortController()
      const read = async () => {
        for await (const part of provider.complete({ ...QUESTION, model: model?.name ?? '' }, callWith(abort.signal)))
          if ('text' in part) abort.abort()
      }
      await expect(read()).rejects.toMatchObject({ code: 'CANCELLED' })
      await upstreamIsClosed()
    })

    test('a reader who leaves closes the request', async () => {
      const provider = await open()
      const [model] = await provider.models(never)
      const parts = provider.complete({ ...QUESTION, model: model?.name ?? '' }, never)[Symbol.asyncIterator]()
      expect(await parts.next()).toMatchObject({ done: false, value: { text: expect.any(String) } })
      await parts.return?.()
      expect(await parts.next()).toEqual({ done: true, value: undefined })
      await upstreamIsClosed()
    })
  })
}
