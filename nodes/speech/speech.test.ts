import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { SpeechServiceDefinition } from '#gen/spellmesh/speech/v1/speech.ts'
import { checkDocument } from '#graph/check.ts'
import type { Entry } from '#graph/journal.ts'
import type { JsonObject } from '#graph/json.ts'
import { parseDocument } from '#graph/parse.ts'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import type { Completion, Speech } from '../services.ts'
import { outputsOf, registry, runNode, runSpell, spell } from '../kit.suite.ts'

let system: TestSystem
let services: { speech: Speech; completion: Completion }
beforeAll(async () => {
  system = await embedded({
    services: ['speech', 'completion'],
    settings: { LOCAL_MODEL_DELAY_MS: '0', COMPLETION_KEEP_MS: '0' },
  })
  const user = system.as('user-1')
  services = {
    speech: user.client(SpeechServiceDefinition) as Speech,
    completion: user.client(CompletionServiceDefinition),
  }
})
afterAll(async () => system.stop())

/** What the demo voice makes of a text. */
const voiced = async (text: string) =>
  (await outputsOf('speech/speak', { services, inputs: { text } }))['audio'] as string
const bytesOf = (url: string) => Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')

describe('speak', () => {
  test('gives a sound, how long it is and whose voice, and tells what it cost', async () => {
    const { outputs, entries } = await runNode('speech/speak', { services, inputs: { text: 'Good morning.' } })
    expect(outputs).toEqual({
      audio: expect.stringMatching(/^data:audio\/wav;base64,UklGR/),
      text: 'Good morning.',
      durationMs: expect.any(Number),
      voice: 'local/demo',
    })
    expect(bytesOf(outputs['audio'] as string).length).toBeGreaterThan((outputs['durationMs'] as number) * 32)
    expect(entries.find(entry => entry.kind === 'node.ended' && entry.node === 'it')).toMatchObject({
      usage: { model: 'local/demo', cost: 0 },
    })
  })

  test('has the voice of the input in place of that of the settings', async () => {
    const given = { services, config: { voice: 'local/high' } }
    expect((await outputsOf('speech/speak', { ...given, inputs: { text: 'x' } }))['voice']).toBe('local/high')
    expect((await outputsOf('speech/speak', { ...given, inputs: { text: 'x', voice: 'low' } }))['voice']).toBe(
      'local/low',
    )
  })

  test('says nothing when it is told not to', async () => {
    const { outputs, pulses } = await runNode('speech/speak', { services, inputs: { text: 'x', when: false } })
    expect(pulses('it')).toEqual(['silent'])
    expect(outputs).toEqual({})
  })

  test.each([
    [{ text: ' ' }, {}, 'INVALID_ARGUMENT', 'text: expected something to say'],
    [{ text: 'x' }, { format: 'mp3' }, 'INVALID_ARGUMENT', 'format: "local/demo" does not speak mp3: it has wav'],
    [{ text: 'x' }, { voice: 'openai/alloy' }, 'FAILED_PRECONDITION', '"openai" needs a key: set OPENAI_API_KEY'],
  ])('%j with %j fails in the service’s words', async (inputs, config, code, message) => {
    const { error } = await runNode('speech/speak', { services, inputs, config })
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) })
  })

  test('what is larger than a value may be is refused with what to do', async () => {
    const { error } = await runNode('speech/speak', {
      services,
      inputs: { text: 'word '.repeat(180) },
      config: { speed: 0.25 },
    })
    expect(error).toMatchObject({
      code: 'TOO_LARGE',
      message:
        'the sound has more than 6 MB, the most that a value of a spell may have: speak in shorter parts, or as mp3',
    })
  })

  test('texts that are spoken at the same time are ready in their order, however long each takes', async () => {
    const texts = ['a long one, which takes a while to be made, '.repeat(4), 'short', 'middle '.repeat(9), 'end']
    const document = spell(
      {
        start: { type: 'flow/start' },
        list: { type: 'flow/input', config: { name: 'texts' } },
        each: { type: 'flow/for-each', config: { concurrency: 4 } },
        say: { type: 'speech/speak' },
      },
      [
        ['start.out', 'each.in'],
        ['list.value', 'each.list'],
        ['each.each', 'say.in'],
        ['each.item', 'say.text'],
      ],
    )
    const { entries } = await runSpell(document, { services, inputs: { texts } })
    const starts = entries.filter(entry => entry.kind === 'node.started' && entry.node.endsWith('say'))
    const first = entries.findIndex(entry => entry.kind === 'node.ended' && entry.node.endsWith('say'))
    expect(starts).toHaveLength(4)
    expect(starts.filter(entry => entries.indexOf(entry) < first)).toHaveLength(4)
    expect(saidIn(entries)).toEqual(texts)
  })
})

const saidIn = (entries: readonly Entry[]) =>
  entries.flatMap(entry =>
    entry.kind === 'node.ended' && entry.outputs['audio'] ? [entry.outputs['text'] as string] : [],
  )

describe('listen', () => {
  test('writes down what the demo voice says, while it understands', async () => {
    const audio = await voiced('Hello there, Ärger und 海.')
    const { outputs, chunks } = await runNode('speech/listen', {
      services,
      inputs: { audio },
      config: { timestamps: true, language: 'de' },
    })
    expect(outputs).toMatchObject({
      text: 'Hello there, Ärger und 海.',
      language: 'de',
      model: 'local/demo',
      segments: [{ startMs: 0, text: 'Hello there, Ärger und 海.' }],
      words: [{ text: 'Hello' }, { text: 'there,' }, { text: 'Ärger' }, { text: 'und' }, { text: '海.' }],
    })
    expect(chunks.map(({ text }) => text)).toEqual(['Hello', ' there,', ' Ärger', ' und', ' 海.'])
  })

  test.each([
    ['hello', 'BAD_INPUT', '"audio": expected an audio as a data URL, got "hello"'],
    ['data:image/png;base64,AAAA', 'BAD_INPUT', '"audio": expected an audio as a data URL, got image/png'],
    [
      'data:audio/wav;base64,AAAA',
      'INVALID_ARGUMENT',
      'audio: expected audio as wav, mp3, ogg, webm, flac, m4a, got bytes',
    ],
  ])('%s is no audio', async (audio, code, message) => {
    const { error } = await runNode('speech/listen', { services, inputs: { audio } })
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) })
  })
})

describe('microphone', () => {
  const document = spell({ mic: { type: 'source/microphone' }, hear: { type: 'speech/listen' } }, [
    ['mic.out', 'hear.in'],
    ['mic.audio', 'hear.audio'],
  ])

  test('gives what is said, and what came with it', async () => {
    const audio = await voiced('One.')
    const messages = [audio, { audio, from: 'ada' }].map(message => ({ name: 'microphone', message }))
    const { entries } = await runSpell(document, { services, messages })
    const emitted = entries.flatMap(entry => (entry.kind === 'node.emitted' ? [entry.outputs] : []))
    expect(emitted).toEqual([
      { audio, message: {} },
      { audio, message: { from: 'ada' } },
    ])
  })

  test.each([
    [{ words: 1 }, 'microphone "microphone" expects {audio: a data URL, …}, got an object'],
    [7, 'microphone "microphone" expects {audio: a data URL, …}, got 7'],
    ['https://example.org/a.mp3', '"audio": expected an audio as a data URL'],
    ['data:audio/webm;base64,', 'microphone "microphone" expects audio, got a data URL without bytes'],
  ])('%j is refused', (message, words) => {
    const { receive } = registry.get('source/microphone') ?? {}
    expect(() => receive?.(message, { name: 'microphone' })).toThrow(words)
  })
})

describe('the demo of a conversation', () => {
  const path = new URL('../../editor/demos/9-talk-with-a-voice.json', import.meta.url)
  const { document, problems } = parseDocument(JSON.parse(readFileSync(path, 'utf8')) as JsonObject)
  if (!document) throw new Error(JSON.stringify(problems))

  test('has no problems, and says that it is a demo', () => {
    expect(checkDocument(document, registry)).toEqual([])
    expect(document.notes.map(({ text }) => text).join()).toContain('built-in demos')
  })

  test('answers every sentence aloud in order, remembers, and replays with the same sounds', async () => {
    const said = ['Tell me about the sea', 'And about the moon']
    const messages = []
    for (const text of said) messages.push({ name: 'microphone', message: { audio: await voiced(text) } })
    const { entries, state, error } = await runSpell(document, { services, messages })
    expect(error).toBeUndefined()
    const spoken = saidIn(entries)
    expect(spoken).toEqual([
      expect.stringContaining('the sea'),
      expect.stringContaining('the sea'),
      expect.stringContaining('demo model'),
      expect.stringContaining('the moon'),
      expect.stringContaining('the moon'),
      expect.stringContaining('demo model'),
    ])
    expect(state['history']).toMatchObject([
      { role: 'user', content: said[0] },
      { role: 'assistant', content: spoken.slice(0, 3).join(' ') },
      { role: 'user', content: said[1] },
      { role: 'assistant', content: spoken.slice(3).join(' ') },
    ])
    expect(await replay(compile(document, registry), entries)).toEqual({ entries: entries.length })
  })

  test('who speaks again interrupts: what is left of the earlier answer is not said', async () => {
    const [first, second] = [await voiced('Tell me about the sea'), await voiced('And about the moon')]
    let [sent, ended] = [0, false]
    const { entries, state } = await runSpell(document, {
      services: { ...services, completion: slowly(services.completion, () => ended) },
      messages: [{ name: 'microphone', message: { audio: first } }],
      onEntry(entry, run) {
        // As soon as the first sentence is said.
        if (entry.kind === 'node.ended' && entry.outputs['audio'] && sent++ === 0)
          setImmediate(() => run.send('microphone', { audio: second }))
        ended ||= entry.kind === 'node.ended' && entry.node === 'count' && entry.outputs['value'] === 2
      },
    })
    const spoken = saidIn(entries)
    expect(state['turn']).toBe(2)
    expect(spoken[0]).toContain('the sea')
    expect(spoken.slice(1).join(' ')).not.toContain('the sea')
    expect(spoken.slice(1).join(' ')).toContain('the moon')
  })
})

/** The first answer goes on after its first sentence only when somebody has interrupted. */
function slowly(completion: Completion, isInterrupted: () => boolean): Completion {
  let asked = 0
  return {
    ...completion,
    async *complete(request, options) {
      const isFirst = asked++ === 0
      let text = ''
      for await (const response of completion.complete(request, options)) {
        yield response
        text += response.part?.$case === 'text' ? response.part.value : ''
        while (isFirst && /[.!?]\s+\S/.test(text) && !isInterrupted())
          await new Promise(resolve => setTimeout(resolve, 5))
      }
    },
  }
}
