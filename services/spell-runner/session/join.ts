import type { JoinSessionRequest, SpellRunnerServiceDefinition } from '#gen/spellmesh/spell_runner/v1/spell_runner.ts'
import { invalid } from '#mesh/errors.ts'
import type { Log } from '#mesh/log.ts'
import type { Handlers } from '#mesh/service.ts'
import { toJson } from '../json.ts'
import type { Journals } from '../runs/journals.ts'
import { toFailed } from './failed.ts'
import { openSpell } from './session.ts'
import type { SessionParts } from './session.ts'

type Joined = Awaited<ReturnType<Handlers<typeof SpellRunnerServiceDefinition>['joinSession']>>
type JoinedSpell = NonNullable<Joined['spells']>[number]
type JoinedRun = NonNullable<Joined['runs']>[number]

const MOST_SPELLS = 64
const MOST_RUNS = 256

/** All that a session begins with, at once; what cannot be had says so, and keeps nobody from the rest. */
export async function joinSession(
  { spells, runs }: JoinSessionRequest,
  user: string,
  {
    log,
    journals,
    ...parts
  }: Pick<SessionParts, 'spells' | 'store' | 'detached'> & {
    readonly journals: Journals
    readonly log: Log
  },
): Promise<Joined> {
  if (spells.length > MOST_SPELLS || runs.length > MOST_RUNS)
    throw invalid(
      `at most ${MOST_SPELLS} spells and ${MOST_RUNS} runs at once; these are ${spells.length} and ${runs.length}`,
    )
  const [joinedSpells, joinedRuns] = await Promise.all([
    Promise.all(
      spells.map(({ spellId, revision }) =>
        openSpell(parts, user, spellId, revision).then(
          ({ opened }): JoinedSpell => ({ outcome: { $case: 'opened', value: opened } }),
          (error: unknown): JoinedSpell => ({ outcome: { $case: 'failed', value: toFailed(error, log) } }),
        ),
      ),
    ),
    Promise.all(
      runs.map(({ runId, after, limit }) =>
        journals.page(user, runId, after, limit).then(
          ({ texts, spell, attempt, lastSeq, ended }): JoinedRun => ({
            spellId: spell,
            outcome: {
              $case: 'page',
              value: { entries: toJson(`[${texts.join(',\n')}]`), attempt, lastSeq, ended },
            },
          }),
          (error: unknown): JoinedRun => ({ outcome: { $case: 'failed', value: toFailed(error, log) } }),
        ),
      ),
    ),
  ])
  return { spells: joinedSpells, runs: joinedRuns }
}
