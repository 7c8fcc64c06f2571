// Starting other programs. Standard output belongs to the task; progress goes to standard error.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from './state.mjs'

/** A line of progress. */
export function say(text) {
  process.stderr.write(`spellmesh: ${text}\n`)
}

/** How to start npm: as the one that started us, else the one beside this Node, else the one on the path. */
export function npmCommand() {
  const beside = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js')
  const script = [process.env.npm_execpath, beside].find(path => path?.endsWith('npm-cli.js') && existsSync(path))
  return script === undefined ? ['npm'] : [process.execPath, script]
}

/** The same, but run by another Node. */
export function npmUnder(node) {
  const [, script] = npmCommand()
  return script === undefined ? ['npm'] : [node, script]
}

/**
 * Runs a program in the project's folder and answers its exit status (128 + n where signal n ended it).
 * SIGTERM and SIGINT are passed on. `output: 'stderr'` sends what it prints to standard error.
 */
export function run(command, args, { environment = process.env, output = 'inherit' } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = output === 'stderr' ? ['ignore', process.stderr, process.stderr] : 'inherit'
    const child = spawn(command, args, {
      cwd: root,
      env: environment,
      stdio,
      shell: command === 'npm' && process.platform === 'win32',
    })
    const forward = signal => child.kill(signal)
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, forward)
    child.on('error', reject)
    child.on('close', (status, signal) => {
      for (const name of ['SIGTERM', 'SIGINT']) process.off(name, forward)
      resolve(status ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}
