// What the launcher did last, so that doing nothing is quick: one JSON file, replaced as a whole.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '')

const file = join(root, 'gen', '.launch.json')

/** What was remembered under this name. */
export function recall(name) {
  return readAll()[name]
}

/** Remembers this under this name. */
export function remember(name, value) {
  mkdirSync(dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}`
  writeFileSync(temporary, JSON.stringify({ ...readAll(), [name]: value }, undefined, 2))
  renameSync(temporary, file)
}

function readAll() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {}
  }
}

/** Path, size and time of every file: what says cheaply that nothing changed. */
export function glance(paths) {
  const hash = createHash('sha1')
  for (const path of filesOf(paths)) {
    const { size, mtimeMs } = statSync(join(root, path))
    hash.update(`${path}\0${size}\0${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

/** Path and content of every file: what says that nothing changed although times did, as after a checkout. */
export function contentOf(paths) {
  const hash = createHash('sha1')
  for (const path of filesOf(paths))
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0')
  return hash.digest('hex')
}

/** Whether what was made from these files is still theirs. Remembers new times where only they changed. */
export function isCurrent(name, paths) {
  const made = recall(name)
  if (made === undefined) return false
  const seen = glance(paths)
  if (made.glance === seen) return true
  if (made.content !== contentOf(paths)) return false
  remember(name, { ...made, glance: seen })
  return true
}

/** Remembers that something was made from these files as they were when `taken`. */
export function stamp(paths) {
  return { glance: glance(paths), content: contentOf(paths) }
}

function filesOf(paths) {
  const found = []
  for (const path of paths) collect(path, found)
  return found.sort()
}

function collect(path, found) {
  const about = statSync(join(root, path), { throwIfNoEntry: false })
  if (about === undefined) return
  if (about.isFile()) found.push(path)
  else for (const name of readdirSync(join(root, path))) if (!isBesideThePoint(name)) collect(`${path}/${name}`, found)
}

function isBesideThePoint(name) {
  return name === 'node_modules' || name.startsWith('.') || /\.(test|suite)\.tsx?$/.test(name)
}
