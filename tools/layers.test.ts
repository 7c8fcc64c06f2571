// Who may import whom: the table in docs/architecture.md, row by row, as the linter enforces it.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { root } from './launch/state.mjs'

const refused: readonly (readonly [file: string, line: string])[] = [
  ['graph/a.ts', `import '#nodes/a.ts'`],
  ['graph/b.ts', `import type { A } from '#services/cache/service.ts'`],
  ['graph/c.ts', `import 'node:fs'`],
  ['graph/d.ts', `import '../mesh/bus.ts'`],
  ['graph/e.ts', `import 're2js'`],
  ['nodes/flow/a.ts', `import '#mesh/bus.ts'`],
  ['nodes/flow/b.ts', `import { A } from '#gen/spellmesh/user/v1/user.ts'`],
  ['nodes/flow/c.ts', `import 'node:crypto'`],
  ['nodes/flow/d.ts', `import '../../graph/run.ts'`],
  ['nodes/flow/e.ts', `import 'openai'`],
  ['importers/a.ts', `import '#services/a/service.ts'`],
  ['importers/b.ts', `import '#nodes/flow/branch.ts'`],
  ['mesh/a.ts', `import '#services/user/service.ts'`],
  ['mesh/b.ts', `import '#graph/run.ts'`],
  ['mesh/c.ts', `import 'ws'`],
  ['mesh/d.ts', `import '#edge/service.ts'`],
  ['services/user/a.ts', `import '#graph/run.ts'`],
  ['services/user/b.ts', `import '../cache/service.ts'`],
  ['services/user/c.ts', `import '#services/cache/service.ts'`],
  ['services/user/d.ts', `import 'kysely'`],
  ['services/user/e.ts', `import 'pg'`],
  ['services/user/f.ts', `import '@grpc/grpc-js'`],
  ['services/user/g.ts', `import 'hono'`],
  ['services/user/h.ts', `import '#edge/protocol.ts'`],
  ['services/user/i.ts', `import 'react'`],
  ['services/user/j.ts', `export const port = process.env['PORT']`],
  ['services/completion/a.ts', `import 'openai'`],
  ['services/completion/providers/a.ts', `import '../../user/service.ts'`],
  ['services/completion/ledger/a.ts', `import '../../user/service.ts'`],
  ['services/completion/ledger/b.ts', `import 'kysely'`],
  ['services/huggingface/a.ts', `import '@huggingface/inference'`],
  ['services/spell-runner/a.ts', `import '#client/session.ts'`],
  ['services/spell-runner/b.ts', `import 'kysely'`],
  ['edge/a.ts', `import '#services/user/service.ts'`],
  ['edge/b.ts', `import '#graph/run.ts'`],
  ['edge/c.ts', `import '@nats-io/transport-node'`],
  ['edge/http/a.ts', `import '../../mesh/bus.ts'`],
  ['edge/protocol.ts', `import { A } from '#graph/run.ts'`],
  ['client/a.ts', `import '#edge/session.ts'`],
  ['client/b.ts', `import '#mesh/bus.ts'`],
  ['client/c.ts', `import 'ws'`],
  ['editor/src/a.ts', `import '#mesh/bus.ts'`],
  ['editor/src/b.ts', `import '#edge/session.ts'`],
  ['editor/src/c.ts', `import 'node:fs'`],
  ['mesh/e.ts', `import '#test/kit.ts'`],
  ['tools/a.ts', `import '#bench/main.ts'`],
]

const allowed: readonly (readonly [file: string, line: string])[] = [
  ['graph/ok.ts', `import './run.ts'`],
  [
    'nodes/flow/ok.ts',
    `import '#graph/define.ts'\nimport '../services.ts'\nimport 're2js'\nimport type { A } from '#gen/a.ts'\nexport type B = A`,
  ],
  ['importers/ok.ts', `import '#graph/parse.ts'\nimport './importer.ts'`],
  [
    'mesh/ok.ts',
    `import 'pg'\nimport '@grpc/grpc-js'\nimport 'kysely'\nimport '#gen/a.ts'\nexport const port = process.env['PORT']`,
  ],
  ['services/user/ok.ts', `import './store.ts'\nimport '#mesh/errors.ts'\nimport '#gen/a.ts'`],
  ['services/user/store.ts', `import 'kysely'\nimport '#mesh/service.ts'`],
  ['services/completion/ledger/ok.ts', `import '../provider.ts'\nimport './store.ts'`],
  ['services/completion/ledger/store.ts', `import 'kysely'\nimport '../provider.ts'`],
  ['services/completion/providers/ok.ts', `import 'openai'\nimport '../provider.ts'`],
  [
    'services/spell-runner/ok.ts',
    `import '#graph/run.ts'\nimport '#nodes/flow/branch.ts'\nimport '#importers/thoth.ts'`,
  ],
  ['edge/ok.ts', `import '#mesh/bus.ts'\nimport 'hono'\nimport './protocol.ts'`],
  ['edge/sockets/ok.ts', `import 'ws'\nimport '../session.ts'`],
  ['client/ok.ts', `import '#graph/replay.ts'\nimport '#edge/protocol.ts'`],
  ['editor/src/ok.ts', `import 'react'\nimport '#client/session.ts'\nimport '#nodes/flow/branch.ts'`],
  ['test/ok.ts', `import '#services/user/store.ts'\nimport '#graph/run.ts'\nimport 'pg'`],
  ['graph/ok.test.ts', `import '#nodes/flow/branch.ts'`],
]

let folder = ''
let complaints = new Map<string, string[]>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spellmesh-layers-'))
  const config = JSON.parse(await readFile(join(root, '.oxlintrc.json'), 'utf8')) as Record<string, unknown>
  await writeFile(join(folder, '.oxlintrc.json'), JSON.stringify(only(config)))
  for (const [file, line] of [...refused, ...allowed]) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), `${line}\n`)
  }
  complaints = await lint()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Without what needs types, and without what these made-up files leave out. */
function only(config: Record<string, unknown>): Record<string, unknown> {
  return { ...config, options: undefined, rules: { ...(config['rules'] as object), 'no-unused-vars': 'off' } }
}

async function lint(): Promise<Map<string, string[]>> {
  const args = [join(root, 'node_modules/oxlint/bin/oxlint'), '--format', 'json']
  const text = await new Promise<string>(resolve =>
    execFile(process.execPath, args, { cwd: folder }, (_error, stdout) => resolve(stdout)),
  )
  const report = JSON.parse(text) as { diagnostics: { code: string; filename: string }[] }
  const found = new Map<string, string[]>()
  for (const { code, filename } of report.diagnostics) found.set(filename, [...(found.get(filename) ?? []), code])
  return found
}

test.each(refused)('%s may not say: %s', (file, line) => {
  expect(complaints.get(file)).toEqual([
    line.includes('process.env') ? 'node(no-process-env)' : 'eslint(no-restricted-imports)',
  ])
})

test.each(allowed)('%s may say what its row allows', file => {
  expect(complaints.get(file)).toBeUndefined()
})
