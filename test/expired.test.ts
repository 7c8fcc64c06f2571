// A run whose journal is kept no longer, as its user sees it.
import { expect, test } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import { greeter } from '#nodes/examples.suite.ts'
import { connect, somebody } from './modes.suite.ts'

test('a session that asks for a run of long ago is told so, at once and whole; the record says what it gave', async () => {
  await using system = await embedded({ settings: { REGISTRATION: 'open' } })
  const { token, rest } = await somebody(system.url)
  const { id } = await rest.createSpell(greeter)
  const run = await rest.startRun(id, { who: 'Ada' })
  // As its day was dropped.
  await system.database.transaction(session => session.run('delete from spell_runner.batches'))
  for (const part of ['entries', 'state']) {
    const answer = await fetch(`${system.url}/v1/runs/${run.id}/${part}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ error: { code: 'NOT_FOUND', reason: 'JOURNAL_EXPIRED' } })
  }
  expect((await rest.getRun(run.id)).outputs).toEqual({ greeting: 'Hello Ada' })
  const client = connect(system.url, token)
  const handle = await client.watchRun(run.id)
  await expect(handle.completed).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(handle.entries).toEqual([])
  await expect(client.forkRun(run.id, { seq: 1 })).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
  const again = await rest.startRun(id, { who: 'Bob' })
  const other = await client.watchRun(again.id)
  expect((await other.completed).terminal).toMatchObject({ outputs: { greeting: 'Hello Bob' } })
  client.close()
}, 30_000)
