// For tests: the shell's program as people start it, in a folder of its own.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Entry } from '#graph/journal.ts'
import { root } from '../launch/state.mjs'

/** What a process came to. */
export interface Ended {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** A recording, as its file has it. */
export interface Recorded {
  readonly format: string
  readonly spell: { readonly name: string }
  readonly library: object
  readonly inputs: object
  readonly state: object
  readonly entries: Entry[]
}

/** A folder to stand in. */
export interface Shell extends AsyncDisposable {
  readonly folder: string
  write(name: string, value: object | string): Promise<void>
  read(name: string): Promise<Recorded>
  /** Runs `spell` to its end. */
  run(...args: readonly string[]): Promise<Ended>
  /** The same under these settings; `onError` sees all of standard error so far, whenever more has come. */
  runWith(
    settings: Readonly<Record<string, string>>,
    args: readonly string[],
    onError?: (text: string, child: ChildProcess) => void,
  ): Promise<Ended>
}

export async function openShell(): Promise<Shell> {
  const folder = await mkdtemp(join(tmpdir(), 'spellmesh-shell-'))
  const runWith: Shell['runWith'] = (settings, args, onError) => {
    const child = spawn(process.execPath, [join(root, 'tools/launch.mjs'), 'spell', ...args], {
      cwd: folder,
      env: { ...process.env, LOCAL_MODEL_DELAY_MS: '0', ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new Promise((resolve, reject) => {
      let [out, err] = ['', '']
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text
        onError?.(err, child)
      })
      child.on('error', reject)
      child.on('close', status => resolve({ status, out, err }))
    })
  }
  return {
    folder,
    write: (name, value) => writeFile(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value)),
    read: async name => JSON.parse(await readFile(join(folder, name), 'utf8')) as Recorded,
    run: (...args) => runWith({}, args),
    runWith,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
