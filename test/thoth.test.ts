import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { existsSync, readFileSync } from 'node:fs'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { embedded } from '#mesh/testing.ts'
import type { TestSystem } from '#mesh/testing.ts'

const FOLDER = new URL('../../shared/data/thoth/', import.meta.url)
const isThere = existsSync(FOLDER)

interface Case {
  readonly spell: string
  readonly library?: readonly string[]
  readonly inputs: object
  readonly outputs: object
  readonly state?: object
  readonly stateAfter?: object
}
const cases = isThere ? (JSON.parse(readFileSync(new URL('cases.json', FOLDER), 'utf8')) as readonly Case[]) : []
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const read = (value: Uint8Array | undefined) =>
  JSON.parse(Buffer.from(value ?? []).toString() || 'null') as Record<string, unknown>

let system: TestSystem
beforeAll(async () => {
  system = await embedded({ services: ['spell-runner'], settings: { LOCAL_MODEL_DELAY_MS: '0' } })
})
afterAll(async () => system.stop())

async function importFile(user: string, file: string) {
  const runner = system.as(user).client(SpellRunnerServiceDefinition)
  const { spell, report } = await runner.importSpell({ document: readFileSync(new URL(file, FOLDER)) })
  return { runner, id: spell?.id ?? '', report }
}

;(isThere ? describe : describe.skip)('spells of Thoth (skipped where ../shared/data/thoth is absent)', () => {
  test.each(cases.map(one => [one.spell, one] as const))(
    '%s gives what it gave there',
    async (file, { library = [], inputs, outputs, state, stateAfter }) => {
      const user = `u-${file.replace(/\W/g, '')}`
      for (const other of library) await importFile(user, other)
      const { runner, id, report } = await importFile(user, file)
      expect(report?.nodes.filter(({ outcome }) => outcome !== 'mapped')).toEqual([])
      const { run } = await runner.startRun({
        spellId: id,
        inputs: bytes(inputs),
        ...(state ? { state: bytes(state) } : {}),
      })
      expect(run).toMatchObject({ status: 'completed' })
      expect(read(run?.outputs)).toEqual(outputs)
      const after = read((await runner.getRunState({ runId: run?.id ?? '' })).state)['state']
      expect(after).toEqual(stateAfter ?? after)
    },
  )

  test('an import keeps the original, and says which spell it calls', async () => {
    const { runner, id, report } = await importFile('keeper', 'parentSpell.thoth')
    const document = read((await runner.getSpell({ spellId: id })).spell?.document) as { origin: { document: unknown } }
    expect(document.origin.document).toEqual(JSON.parse(readFileSync(new URL('parentSpell.thoth', FOLDER), 'utf8')))
    expect(report?.nodes.find(({ component }) => component === 'Spell')?.note).toContain('import that one too')
    await expect(runner.startRun({ spellId: id })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})
