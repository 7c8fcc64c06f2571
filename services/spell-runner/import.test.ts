import { expect, test } from '@jest/globals'
import { SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { input, output, START, thoth, trigger } from '#importers/kit.suite.ts'
import { embedded } from '#mesh/testing.ts'

const json = (value: unknown) => Buffer.from(JSON.stringify(value))

test('what is wrong with one node or wire of a foreign document does not keep the rest from being imported', async () => {
  await using system = await embedded({ services: ['spell-runner'], settings: { LOCAL_MODEL_DELAY_MS: '0' } })
  const runner = system.as('ada').client(SpellRunnerServiceDefinition)
  const broken = thoth(
    {
      1: START,
      2: { name: 'Generator', data: { fewshot: 'Say {{#if}} nothing' } },
      3: input('topic'),
      4: output('text'),
      5: { name: 'Boolean Gate', data: { outputs: [trigger('true')] } },
    },
    [
      [1, 'trigger', 2, 'trigger'],
      [2, 'trigger', 4, 'trigger'],
      [3, 'output', 4, 'input'],
      [5, 'true', 4, 'input'],
    ],
  )
  const { spell, report } = await runner.importSpell({ document: json(broken) })
  expect(report?.nodes.find(({ component }) => component === 'Generator')).toMatchObject({
    outcome: 'missing',
    note: expect.stringContaining('nodes.generator-2-prompt.config.template'),
  })
  expect(report?.notes.join()).toContain('boolean-gate-5.yes → output-4.value was left out')
  const document = JSON.parse(Buffer.from(spell?.document ?? []).toString()) as {
    nodes: Record<string, { type: string; config?: object }>
    wires: string[][]
  }
  expect(document.nodes['generator-2-prompt']).toMatchObject({
    type: 'missing/text/template',
    config: { template: 'Say {{#if}} nothing' },
  })
  expect(document.wires).not.toContainEqual(['boolean-gate-5.yes', 'output-4.value'])
  await expect(runner.startRun({ spellId: spell?.id ?? '' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: expect.arrayContaining([expect.objectContaining({ node: 'generator-2-prompt' })]),
  })
})

test('a document of the system’s own that is wrong is refused with every problem, as when it is stored', async () => {
  await using system = await embedded({ services: ['spell-runner'], settings: { LOCAL_MODEL_DELAY_MS: '0' } })
  const runner = system.as('ada').client(SpellRunnerServiceDefinition)
  const wrong = { format: 'spell/1', name: 'Wrong', nodes: { a: { type: 'flow/brunch' } }, wires: [['a.out', 'b.in']] }
  await expect(runner.importSpell({ document: json(wrong) })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect((await runner.listSpells({})).spells).toEqual([])
})

test('an imported spell goes back as it came; one that was drawn here has no way back', async () => {
  await using system = await embedded({ services: ['spell-runner'], settings: { LOCAL_MODEL_DELAY_MS: '0' } })
  const runner = system.as('ada').client(SpellRunnerServiceDefinition)
  const foreign = thoth({ 1: START, 2: input('topic'), 3: output('text') }, [
    [1, 'trigger', 3, 'trigger'],
    [2, 'output', 3, 'input'],
  ])
  const { spell } = await runner.importSpell({ document: json(foreign) })
  const back = await runner.exportSpell({ spellId: spell?.id ?? '' })
  expect(back).toMatchObject({ format: 'thoth', notes: [] })
  expect(JSON.parse(Buffer.from(back.document).toString())).toEqual(foreign)
  const ours = await runner.exportSpell({ spellId: spell?.id ?? '', format: 'spell/1' })
  expect(JSON.parse(Buffer.from(ours.document).toString())).toMatchObject({ format: 'spell/1' })
  await expect(runner.exportSpell({ spellId: spell?.id ?? '', format: 'rivet' })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [{ path: 'format' }],
  })
  await expect(
    system
      .as('eve')
      .client(SpellRunnerServiceDefinition)
      .exportSpell({ spellId: spell?.id ?? '' }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
