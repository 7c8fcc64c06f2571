// Keeps node_modules as package-lock.json says.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { npmUnder, run, say } from './run.mjs'
import { glance, recall, remember, root } from './state.mjs'

const lock = 'package-lock.json'
const installed = 'node_modules/.package-lock.json'

/** Runs `npm ci` when what is installed is not what the lockfile says, or was installed for another Node. */
export async function ensureInstalled(node, environment, major) {
  const made = recall('install')
  if (made?.major === major && made.lock === glance([lock]) && made.installed === lookAtInstalled()) return
  if (made?.major === major && isAsLocked()) return rememberInstalled(major)
  say('installing dependencies (npm ci)')
  const [command, ...first] = npmUnder(node)
  const args = [
    ...first,
    'ci',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--foreground-scripts=false',
  ]
  const status = await run(command, args, { environment, output: 'stderr' })
  if (status !== 0) throw new Error(`npm ci ended with status ${status}`)
  rememberInstalled(major)
}

/** Remembers that what is installed now is what the lockfile says, for this major version of Node. */
export function rememberInstalled(major) {
  remember('install', { major, lock: glance([lock]), installed: lookAtInstalled() })
}

function lookAtInstalled() {
  return glance([installed])
}

/** Compares the lockfile with npm's own list of what it installed. */
function isAsLocked() {
  try {
    const [wanted, present] = [lock, installed].map(path => JSON.parse(readFileSync(join(root, path), 'utf8')).packages)
    return Object.entries(wanted).every(([path, { version, optional }]) => {
      return path === '' || (present[path] === undefined ? optional === true : present[path].version === version)
    })
  } catch {
    return false
  }
}
