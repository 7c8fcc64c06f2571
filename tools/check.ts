// `npm run check`: everything that can be said about the sources without running them. Prints every failure, not the first.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { generateInto } from './launch/build.mjs'
import { root } from './launch/state.mjs'

interface Outcome {
  readonly name: string
  readonly passed: boolean
  readonly output: string
  readonly seconds: number
}

interface Step {
  readonly name: string
  run(): Promise<{ passed: boolean; output: string }>
}

const steps: readonly Step[] = [
  {
    name: 'build',
    run: () => Promise.resolve({ passed: !process.env['BUILD_PROBLEM'], output: process.env['BUILD_PROBLEM'] ?? '' }),
  },
  program('types', 'typescript/bin/tsc', '-p', 'tsconfig.json'),
  program('types anywhere', 'typescript/bin/tsc', '-p', 'tsconfig.isomorphic.json'),
  ...(hasSources('editor') ? [program('types of the editor', 'typescript/bin/tsc', '-p', 'tsconfig.editor.json')] : []),
  program('lint and layers', 'oxlint/bin/oxlint', '--deny-warnings', '--report-unused-disable-directives'),
  program('format', 'oxfmt/bin/oxfmt', '--check', '.'),
  program('unused', 'knip/bin/knip.js', '--no-progress', '--no-config-hints'),
  program('contracts', '@bufbuild/buf/bin/buf', 'lint'),
  { name: 'generated code', run: compareGenerated },
  { name: 'deployment', run: compareDeployment },
]

/** Runs all steps, two at a time, and tells what failed. Answers whether all passed. */
export async function check(print: (text: string) => void): Promise<boolean> {
  const waiting = [...steps]
  const outcomes: Outcome[] = []
  const worker = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      const began = performance.now()
      const { passed, output } = await step.run()
      const outcome = { name: step.name, passed, output, seconds: (performance.now() - began) / 1000 }
      outcomes.push(outcome)
      print(`${passed ? 'ok  ' : 'FAIL'} ${outcome.name} (${outcome.seconds.toFixed(1)} s)\n`)
    }
  }
  await Promise.all([worker(), worker()])
  const failed = outcomes.filter(outcome => !outcome.passed)
  for (const { name, output } of failed) print(`\n--- ${name}\n${output.trim()}\n`)
  print(`\ncheck: ${outcomes.length - failed.length} of ${outcomes.length} passed\n`)
  return failed.length === 0
}

/** A development tool of this project, by its file in node_modules. */
function program(name: string, path: string, ...args: string[]): Step {
  return {
    name,
    run: () =>
      new Promise(resolve => {
        const child = spawn(process.execPath, [join('node_modules', path), ...args], {
          cwd: root,
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        let output = ''
        for (const stream of [child.stdout, child.stderr])
          stream.setEncoding('utf8').on('data', (text: string) => (output += text))
        child.on('error', error => resolve({ passed: false, output: error.message }))
        child.on('close', status => resolve({ passed: status === 0, output: output || `ended with status ${status}` }))
      }),
  }
}

/** What is in gen/ must be what proto/ gives. */
async function compareGenerated(): Promise<{ passed: boolean; output: string }> {
  const folder = mkdtempSync(join(root, 'gen', '.check-'))
  try {
    await generateInto(folder, process.execPath, process.env)
    const names = [
      ...new Set([...filesIn(folder), ...filesIn(join(root, 'gen'), ['spellmesh', 'google', 'descriptors.binpb'])]),
    ]
    const stale = names.filter(name => !isSame(join(folder, name), join(root, 'gen', name)))
    return {
      passed: stale.length === 0,
      output: stale.map(name => `gen/${name} is not what proto/ gives; delete gen/ and start again`).join('\n'),
    }
  } catch (error) {
    return { passed: false, output: String(error) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What is in deploy/ must be what the services declare. */
async function compareDeployment(): Promise<{ passed: boolean; output: string }> {
  try {
    const { staleFiles } = await import('./deploy.ts')
    const stale = await staleFiles()
    return {
      passed: stale.length === 0,
      output: stale.map(path => `${path} is not what the services declare; run node tools/deploy.ts`).join('\n'),
    }
  } catch (error) {
    return { passed: false, output: String(error) }
  }
}

function filesIn(folder: string, only?: readonly string[]): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter(name => only === undefined || only.includes(name.split('/')[0] ?? ''))
}

function isSame(one: string, other: string): boolean {
  return existsSync(one) && existsSync(other) && readFileSync(one).equals(readFileSync(other))
}

function hasSources(folder: string): boolean {
  return readdirSync(join(root, folder), { recursive: true }).some(name => /\.tsx?$/.test(String(name)))
}

if (process.argv[1] === import.meta.filename)
  process.exitCode = (await check(text => process.stdout.write(text))) ? 0 : 1
