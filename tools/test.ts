// `npm test`: the check, then Jest; the last line counts both. Arguments go to Jest, which then runs alone.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check } from './check.ts'
import { root } from './launch/state.mjs'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** Only what hangs takes so long, also on a machine that has much else to do. */
const limitMs = 45 * 60_000

const args = process.argv.slice(2)
const checked = args.length > 0 ? undefined : await check(text => process.stdout.write(text))
const counts = await runJest(args)
if (checked === true) counts.passed++
if (checked === false) counts.failed++
process.exitCode = counts.failed > 0 ? 1 : 0
if (counts.skipped > 0) process.stdout.write(`${counts.skipped} skipped\n`)
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`)

async function runJest(more: readonly string[]): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'spellmesh-test-'))
  const report = join(folder, 'report.json')
  try {
    // A test that fails may leave open what it would have closed: that must not keep the report waiting.
    const ended = await spawnJest(['--maxWorkers=2', '--forceExit', '--json', `--outputFile=${report}`, ...more])
    return count(readFileSync(report, 'utf8'), ended)
  } catch (error) {
    process.stdout.write(`Jest left no report: ${String(error)}\n`)
    return { passed: 0, failed: 1, skipped: 0 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Answers Jest's exit status; undefined when it had to be stopped. */
function spawnJest(more: readonly string[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
    // Jest prints the report on standard output too; what people read goes to standard error.
    const child = spawn(process.execPath, [...options, 'node_modules/jest/bin/jest.js', ...more], {
      cwd: root,
      stdio: ['ignore', 'ignore', process.stdout],
    })
    const timer = setTimeout(() => {
      process.stdout.write(`Jest was stopped after ${limitMs / 60_000} minutes\n`)
      child.kill('SIGKILL')
    }, limitMs)
    child.on('error', reject)
    child.on('close', status => {
      clearTimeout(timer)
      resolve(status ?? undefined)
    })
  })
}

/** A suite that could not be loaded counts as one failure; so does a Jest that failed although every test passed. */
function count(text: string, status: number | undefined): Counts {
  const report = JSON.parse(text) as Record<
    'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numTodoTests' | 'numRuntimeErrorTestSuites',
    number
  >
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}
