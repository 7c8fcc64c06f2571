// The content of the image, as deploy/Dockerfile puts it together, in a folder: what the programs of the mesh find there and nothing else.
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** A container of the image, or as near as a process comes to it. */
export interface Running {
  /** Resolves when it says that it is ready; rejects when it ends before. */
  readonly ready: Promise<void>
  /** Resolves with its exit status, or the signal that ended it. */
  readonly ended: Promise<number | string>
  /** What it wrote so far, to both outputs. */
  said(): string
  /** Sends SIGTERM, unless it has ended. */
  stop(): void
}

export interface Image extends Disposable {
  /** Starts the entry point with these arguments; nothing of this process's environment goes along but what the image sets. */
  run(args: readonly string[], environment: Readonly<Record<string, string>>): Running
  /** Runs the command of the image's health check. */
  check(environment: Readonly<Record<string, string>>): Running
  /** Files that are not as they were when the image was made. */
  changed(): readonly string[]
}

export function makeImage(): Image {
  const folder = mkdtempSync(join(tmpdir(), 'spellmesh-image-'))
  const text = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8').replace(/\\\n/g, '')
  const final = text.slice(text.lastIndexOf('\nFROM '))
  const copied = [...final.matchAll(/^COPY --from=build (.+) \S+$/gm)].flatMap(([, paths = '']) => paths.split(' '))
  for (const path of copied.map(one => one.replace('/app/', '')))
    if (path === 'node_modules') copyPackages(folder)
    else cpSync(join(ROOT, path), join(folder, path), { recursive: true, filter: isInContext })
  const set = /^ENV (.*)$/m.exec(final)?.[1]?.split(' ') ?? []
  const environmentOfImage = Object.fromEntries(set.map(one => one.split('=') as [string, string]))
  const list = (pattern: RegExp) => JSON.parse(pattern.exec(final)?.[1] ?? '[]') as string[]
  const [entryPoint, healthCheck] = [list(/^ENTRYPOINT (.*)$/m), list(/^HEALTHCHECK .*CMD (.*)$/m)]
  const before = stampsOf(folder)
  const start = ([, ...args]: readonly string[], environment: Readonly<Record<string, string>>) =>
    startProcess(process.execPath, args, { ...environmentOfImage, ...environment }, folder)
  return {
    run: (args, environment) => start([...entryPoint, ...args], environment),
    check: environment => start(healthCheck, environment),
    changed: () => differences(before, stampsOf(folder)),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** What `npm prune --omit=dev` leaves: links where the file system allows them, else copies. */
function copyPackages(folder: string): void {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>
  }
  // Packages for other platforms are in the lock and not here. What lies inside another goes with it.
  const kept = Object.entries(packages).flatMap(([path, { dev, devOptional }]) =>
    /^node_modules\/(?!.*\/node_modules\/)/.test(path) && !dev && !devOptional && existsSync(join(ROOT, path))
      ? [path]
      : [],
  )
  const copy = (flags: string) =>
    spawnSync('cp', [flags, '--parents', ...kept, folder], { cwd: ROOT, encoding: 'utf8' })
  if (copy('-al').status === 0) return
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true })
  const { status, stderr } = copy('-a')
  if (status !== 0) throw new Error(`the packages cannot be copied: ${stderr}`)
}

/** As .dockerignore says. */
function isInContext(file: string): boolean {
  return !/\.test\.tsx?$|\.suite\.ts$/.test(file) && basename(file) !== 'README.md'
}

/** Size and time of every file. */
function stampsOf(folder: string): ReadonlyMap<string, string> {
  const { stdout } = spawnSync('find', [folder, '-type', 'f', '-printf', '%s %T@ %p\\n'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return new Map(
    stdout.split('\n').map(line => {
      const [size = '', time = '', ...path] = line.split(' ')
      return [path.join(' '), `${size} ${time}`]
    }),
  )
}

function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter(path => before.get(path) !== after.get(path))
}

/** Starts a program that says when it is ready. */
export function startProcess(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): Running {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const ready = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<number | string>()
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += String(chunk)
      if (/^ready |Server is ready/m.test(said)) ready.resolve()
    })
  child.once('error', error => {
    ready.reject(error)
    ended.resolve(error.message)
  })
  child.once('close', (status, signal) => {
    ended.resolve(status ?? signal ?? 0)
    ready.reject(new Error(`it ended with ${status ?? signal} before it was ready\n${said}`))
  })
  ready.promise.catch(() => {})
  return { ready: ready.promise, ended: ended.promise, said: () => said, stop: () => void child.kill('SIGTERM') }
}
