import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { npmUnder, run } from '#tools/launch/run.mjs'

type Packages = Record<string, { readonly version?: string; readonly optional?: boolean }>

/** Installs the peers where they are not yet as their lock says. Answers whether they are there now. */
export async function ensurePeers(): Promise<boolean> {
  if (areInstalled()) return true
  console.error('bench: installing the peers into bench/peers (npm ci)')
  const [command = 'npm', ...first] = npmUnder(process.execPath)
  const folder = fileURLToPath(new URL('../peers/', import.meta.url))
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts', '--fetch-retries=1']
  const status = await run(command, [...first, 'ci', '--prefix', folder, ...quiet], { output: 'stderr' })
  if (status === 0) return true
  console.error(`bench: npm ci ended with status ${status}: going on without the peers that are not here`)
  return false
}

function areInstalled(): boolean {
  try {
    const [wanted, present] = ['package-lock.json', 'node_modules/.package-lock.json'].map(path => {
      const lock = JSON.parse(readFileSync(new URL(`../peers/${path}`, import.meta.url), 'utf8')) as {
        packages: Packages
      }
      return lock.packages
    })
    return Object.entries(wanted ?? {}).every(
      ([path, { version, optional }]) =>
        path === '' || (present?.[path] ? present[path].version === version : optional === true),
    )
  } catch {
    return false
  }
}
