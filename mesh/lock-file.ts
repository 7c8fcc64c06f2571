import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { precondition } from './errors.ts'

/** A lock file that this process holds. */
export interface FileLock {
  release(): Promise<void>
}

/** Takes the lock file, which names its owner. Rejects while the owner lives; a dead owner's lock is taken over. */
export async function takeLock(path: string): Promise<FileLock> {
  const mine = `${process.pid} ${await startOf(process.pid)}`
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`
  await writeFile(draft, mine)
  try {
    while (!(await claim(draft, path))) await removeStale(path)
  } finally {
    await rm(draft, { force: true })
  }
  return { release: () => rm(path, { force: true }) }
}

/** Linking fails when the name is taken, and never shows a half-written file. */
async function claim(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

async function removeStale(path: string): Promise<void> {
  const owner = await readOwner(path)
  if (owner === undefined) return
  if (await isAlive(owner)) {
    throw precondition(
      `"${path}" is held by process ${owner.split(' ')[0]}: only one process may open this data folder; stop it, or set DATA_DIR or DATABASE_URL`,
    )
  }
  const aside = `${path}.stale.${process.pid}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return
    throw error
  }
  // Another process may have taken it over between reading and renaming: then it is put back.
  if ((await readOwner(aside)) !== owner) await claim(aside, path)
  await rm(aside, { force: true })
}

async function readOwner(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** A process id alone may have been given to another process since, above all in containers; where the system tells, its start is compared too. */
async function isAlive(owner: string): Promise<boolean> {
  const [id = '', started = ''] = owner.split(' ')
  const pid = Number(id)
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!hasCode(error, 'EPERM')) return false
  }
  const now = await startOf(pid)
  return now === '' || started === '' || now === started
}

/** When a process started, in the system's own words: boot id and ticks since boot. Empty where the system does not tell. */
async function startOf(pid: number): Promise<string> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ])
    const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return `${boot.trim()}/${afterName[19] ?? ''}`
  } catch {
    return ''
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
