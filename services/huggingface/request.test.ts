// What a request gets that is not right, and the built-in model.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { HuggingfaceServiceDefinition } from '#gen/spellmesh/huggingface/v1/huggingface.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'
import { run } from './kit.suite.ts'
import type { Run } from './kit.suite.ts'

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['huggingface'], settings: { HF_TOKEN: 'hf_x' } })
})
afterAll(async () => system?.stop())

const PNG = Buffer.from('\x89PNG and the rest of it', 'latin1')
const deep = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))

test.each<[Run, readonly (readonly [string, string])[]]>([
  [{ task: 'juggling' }, [['task', '"juggling" is none of audio-classification, automatic-speech-recognition, ']]],
  [
    { task: 'summarization', model: '../../admin', endpoint: 'ftp://x', provider: 'novita', inputs: 7 },
    [
      ['model', '"../../admin" is not a model’s name: expected "owner/name"'],
      ['endpoint', '"ftp://x" is not a URL with http or https'],
      ['provider', '"novita" cannot be asked at an endpoint: expected one of the two'],
      ['inputs', 'is number; expected string'],
    ],
  ],
  [
    { task: 'summarization', inputs: '', parameters: { max_length: 0, min_length: 'x' }, data: PNG },
    [
      ['inputs', 'string is too short (0 < 1)'],
      ['parameters.min_length', 'is string; expected integer'],
      ['parameters.max_length', '0 is less than 1'],
      ['data', '"summarization" takes no data'],
    ],
  ],
  [
    { task: 'question-answering', inputs: { question: 'who?', text: 'x' } },
    [
      ['inputs.context', 'is missing'],
      ['inputs.text', 'is not known here'],
    ],
  ],
  [
    {
      task: 'chat-completion',
      inputs: { messages: [{ role: 'user', content: 'hi' }] },
      parameters: { endpointUrl: 'https://example.org', accessToken: 'x', max_tokens: 1 },
    },
    [
      ['parameters.accessToken', 'is not known here'],
      ['parameters.endpointUrl', 'is not known here'],
    ],
  ],
  [{ task: 'zero-shot-classification', inputs: 'a' }, [['parameters.candidate_labels', 'is missing']]],
  [
    { task: 'chat-completion', inputs: { messages: [{ role: 'poet', content: 'x' }, {}] } },
    [
      ['inputs.messages[0].role', 'instance does not match any of ["system","user","assistant","tool"]'],
      ['inputs.messages[1].role', 'is missing'],
    ],
  ],
  [{ task: 'feature-extraction', inputs: ['a', 7] }, [['inputs[1]', 'is number; expected string']]],
  [{ task: 'fill-mask', inputs: deep(70) }, [['inputs', 'is deeper than 64 levels']]],
  [
    { task: 'image-to-text', inputs: 'x' },
    [
      ['inputs', 'is string; expected null'],
      ['data', 'is empty; expected the bytes of an image'],
      ['mediaType', '"" is not a media type of image; expected e.g. "image/png"'],
    ],
  ],
  [
    { task: 'image-classification', data: Buffer.from('<html>no image at all'), mediaType: 'image/png' },
    [['data', 'is not an image: expected PNG, JPEG, GIF, WebP, BMP, TIFF, AVIF or HEIC']],
  ],
  [
    { task: 'automatic-speech-recognition', data: PNG, mediaType: 'image/png' },
    [['mediaType', '"image/png" is not a media type of audio; expected e.g. "audio/wav"']],
  ],
  [{ task: 'automatic-speech-recognition', data: PNG, mediaType: 'audio/wav' }, [['data', 'is image/png, not audio']]],
  [
    { task: 'audio-classification', data: Buffer.alloc(3_145_729), mediaType: 'audio/wav' },
    [['data', 'has 3145729 bytes; at most 3145728']],
  ],
])('every problem is told: %#', async (request, problems) => {
  const error = await run(system, request).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' })
  const found = (error as { problems: readonly { path: string; message: string }[] }).problems
  expect(
    found.map(({ path, message }, index) => [path, message.slice(0, problems[index]?.[1].length || undefined)]),
  ).toEqual(problems)
})

test('what is no JSON is told as that', async () => {
  const client = system.as('ada').client(HuggingfaceServiceDefinition)
  for (const inputs of [Buffer.from('{"a":'), Buffer.from([0x22, 0xff, 0x22])])
    await expect(client.run({ task: 'summarization', inputs })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      problems: [{ path: 'inputs', message: expect.stringMatching(/^is not JSON: /) }],
    })
})

describe('the built-in model', () => {
  const demo = async (request: Run) => run(system, { model: 'local/demo', ...request })

  test('gives the same every time, and says that it is a demo', async () => {
    const review = 'What a wonderful lamp. It is slow to warm up.'
    const cases: readonly (readonly [Run, unknown])[] = [
      [{ task: 'summarization', inputs: review }, 'What a wonderful lamp. (demo)'],
      [{ task: 'text-generation', inputs: 'Once upon a time' }, 'upon a time … and so on. (demo)'],
      [
        { task: 'chat-completion', inputs: { messages: [{ role: 'user', content: 'hi' }] } },
        'You said: hi (This is the built-in demo.)',
      ],
      [
        { task: 'text-classification', inputs: 'happy and great, not slow' },
        [
          { label: 'POSITIVE', score: 0.5 },
          { label: 'NEGATIVE', score: 0.5 },
        ],
      ],
      [
        { task: 'question-answering', inputs: { question: 'what is slow?', context: review } },
        { answer: 'It is slow to warm up.', score: 1, start: 23, end: 45 },
      ],
    ]
    for (const [request, gives] of cases)
      for (const heard of [await demo(request), await demo(request)]) {
        expect(heard.text ?? heard.result).toEqual(gives)
        expect(heard.finish).toMatchObject({ model: 'local/demo' })
      }
  })

  test('finds like texts alike: by their words, not by their meaning', async () => {
    const inputs = { source_sentence: 'the red fox', sentences: ['a red fox ran', 'blue whales swim'] }
    const [fox = 0, whale = 0] = (await demo({ task: 'sentence-similarity', inputs })).result as number[]
    expect(fox).toBeGreaterThan(whale + 0.3)
    const vectors = (await demo({ task: 'feature-extraction', inputs: ['the red fox', 'the red fox'] })).result
    const [one, other] = vectors as number[][]
    expect(one).toHaveLength(64)
    expect(one).toEqual(other)
    const labels = { candidate_labels: ['fox', 'whale'] }
    const ranked = await demo({ task: 'zero-shot-classification', inputs: 'the red fox', parameters: labels })
    expect(ranked.result).toMatchObject([{ label: 'fox' }, { label: 'whale' }])
  })

  test('draws a card that says what it is', async () => {
    const { data, finish } = await demo({ task: 'text-to-image', inputs: 'a <b>"cat"</b>' })
    expect(String(data)).toMatch(/^<svg .*>a &#60;b&#62;&#34;cat&#34;&#60;\/b&#62;<\/text>.*>demo<\/text><\/svg>$/)
    expect(finish).toEqual({ model: 'local/demo', mediaType: 'image/svg+xml' })
  })

  test('says what it does not know', async () => {
    await expect(demo({ task: 'translation', inputs: 'x' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^task: "local\/demo" knows no translation; it knows text-generation, /),
    })
    await expect(demo({ task: 'summarization', model: 'local/other', inputs: 'x' })).rejects.toMatchObject({
      message: 'model: "local/other" is not built in; there is "local/demo"',
    })
  })
})
