// A conversation in the real runner: its sounds are kept beside the journal, and are the same whenever it is looked at.
import { expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { SpeechServiceDefinition } from '#gen/spellmesh/speech/v1/speech.ts'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import type { Entry } from '#graph/journal.ts'
import { parseDocument } from '#graph/parse.ts'
import { compile } from '#graph/plan.ts'
import { replay } from '#graph/replay.ts'
import { embedded } from '#mesh/testing.ts'
import { toDataUrl } from '../language/media.ts'
import { registry } from '../kit.suite.ts'

const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const read = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes ?? []).toString()) as unknown
const DEMO = read(readFileSync(new URL('../../editor/demos/9-talk-with-a-voice.json', import.meta.url)))

test('what was said is kept as blobs: the record gives the same sounds again, and replays', async () => {
  await using system = await embedded({
    services: ['spell-runner'],
    settings: { RUN_IDLE_MS: '0', LOCAL_MODEL_DELAY_MS: '0' },
  })
  const ada = system.as('ada')
  const runner = ada.client(SpellRunnerServiceDefinition)
  const speak = async (text: string) => {
    const pieces: Uint8Array[] = []
    for await (const { part } of ada.client(SpeechServiceDefinition).synthesize({ text }))
      if (part?.$case === 'audio') pieces.push(part.value)
    return toDataUrl('audio/wav', pieces)
  }
  const { spell } = await runner.createSpell({ document: json(DEMO) })
  const { run } = await runner.startRun({ spellId: spell?.id ?? '', inputs: json({}), detached: true })
  const runId = run?.id ?? ''
  const audio = await speak('Tell me about the sea')
  await runner.sendToRun({ runId, name: 'microphone', message: json({ audio }) })

  const entries: Entry[] = []
  for await (const page of runner.watchRun({ runId })) {
    for (const bytes of page.entries) entries.push(read(bytes) as Entry)
    const ended = entries.flatMap(entry => (entry.kind === 'node.ended' ? [entry.node] : []))
    if (ended.includes('keep2') && ended.filter(node => node === 'say').length === 3) break
  }
  const blobs = entries.flatMap(entry =>
    entry.kind === 'node.ended' && entry.node === 'say'
      ? [{ text: entry.outputs['text'] as string, audio: entry.outputs['audio'] as { $blob?: string } }]
      : [],
  )
  expect(blobs).toHaveLength(3)
  for (const { text, audio: kept } of blobs) {
    const { value } = await runner.getBlob({ runId, hash: kept.$blob ?? '' })
    expect(read(value)).toBe(await speak(text))
  }
  await runner.cancelRun({ runId })
  const { document } = parseDocument(DEMO as never)
  if (!document) throw new Error('the demo is no document')
  const plan = compile(document, registry)
  const { entries: recorded } = await runner.listEntries({ runId, after: 0, limit: 2_000 })
  const record = read(recorded) as readonly Entry[]
  expect(await replay(plan, await withBlobs(record, hash => runner.getBlob({ runId, hash })))).toEqual({
    entries: record.length,
  })
})

/** The record with its large values in their places. */
async function withBlobs(record: readonly Entry[], get: (hash: string) => Promise<{ value: Uint8Array }>) {
  const hashes = new Set(Array.from(JSON.stringify(record).matchAll(/"\$blob":"([^"]+)"/g), ([, hash = '']) => hash))
  const known = new Map<string, unknown>()
  for (const hash of hashes) known.set(hash, read((await get(hash)).value))
  return JSON.parse(JSON.stringify(record), (_, value: unknown) => {
    const { $blob } = (value ?? {}) as { $blob?: unknown }
    return typeof $blob === 'string' ? known.get($blob) : value
  }) as readonly Entry[]
}
