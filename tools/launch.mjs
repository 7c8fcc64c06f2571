#!/usr/bin/env node
// `node tools/launch.mjs <task> [arguments]`, for any Node from 18 on: finds a Node that strips types, installs and builds what
// changed, then does the task. With nothing changed it costs a look at times and sizes of files.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureEditor, ensureGenerated } from './launch/build.mjs'
import { ensureInstalled, rememberInstalled } from './launch/install.mjs'
import { environmentFor, findNode } from './launch/node.mjs'
import { run, say } from './launch/run.mjs'
import { root } from './launch/state.mjs'

// `lenient`: a fault in the sources does not keep the task from being done; the script is told of it as BUILD_PROBLEM.
const tasks = {
  start: { script: 'mesh/main.ts', editor: true, here: true },
  test: { script: 'tools/test.ts', editor: true, lenient: true },
  check: { script: 'tools/check.ts' },
  bench: { script: 'bench/main.ts', editor: true },
  faults: { script: 'test/faults/main.ts' },
  spell: { script: 'tools/spell.ts', here: true, first: () => ['--from', callersFolder('spell')] },
  prepare: { editor: true, lenient: true },
}

async function main([name = '', ...given]) {
  const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined
  if (task === undefined) {
    say(`there is no task "${name}"; expected ${Object.keys(tasks).join(', ')}`)
    return 2
  }
  const args = [...(task.first?.() ?? []), ...given]
  const { path: node, major } = findNode()
  const environment = environmentFor(node)
  if (name === 'prepare') rememberInstall()
  else await ensureInstalled(node, environment, major)
  let problem
  try {
    await ensureGenerated(node, environment)
    if (task.editor) await ensureEditor(node, environment)
  } catch (error) {
    if (!task.lenient) throw error
    problem = error.message
    say(problem)
  }
  if (task.script === undefined) return 0
  if (task.here && node === process.execPath) return runHere(task.script, args)
  const told = problem === undefined ? environment : { ...environment, BUILD_PROBLEM: problem }
  return run(node, ['--disable-warning=ExperimentalWarning', task.script, ...args], { environment: told })
}

/** Where the caller stands, whom npm and the task leave for the project's folder: files are named from there. */
function callersFolder(task) {
  const { npm_lifecycle_event: event, INIT_CWD: folder } = process.env
  return event === task && folder ? folder : process.cwd()
}

/** Runs a script in this process: it decides how and when the process ends. */
async function runHere(script, args) {
  const path = join(root, script)
  process.argv = [process.execPath, path, ...args]
  process.chdir(root)
  process.removeAllListeners('warning')
  process.on('warning', warning => {
    if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.stack ?? warning}\n`)
  })
  await import(pathToFileURL(path).href)
  return undefined
}

/** As npm's own last step: remembers for which Node it installed, since it chooses native packages by the Node that runs it. */
function rememberInstall() {
  const major = /npm\/\S+ node\/v(\d+)/.exec(process.env.npm_config_user_agent ?? '')?.[1]
  if (major !== undefined) rememberInstalled(Number(major))
}

try {
  const status = await main(process.argv.slice(2))
  if (status !== undefined) process.exitCode = status
} catch (error) {
  say(error.message)
  process.exitCode = 1
}
