// What is made from the sources: code from proto/, tables that PDFs need, and the editor's page.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { run, say } from './run.mjs'
import { isCurrent, remember, root, stamp } from './state.mjs'

const contracts = [
  'proto',
  'buf.yaml',
  'buf.gen.yaml',
  'node_modules/ts-proto/package.json',
  'node_modules/@bufbuild/buf/package.json',
  'node_modules/pdfjs-dist/package.json',
]
const generated = ['spellmesh', 'descriptors.binpb', 'cmaps']
const page = [
  'editor',
  'client',
  'graph',
  'nodes',
  'importers',
  'edge/protocol.ts',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.editor.json',
]

/** Generates gen/ from proto/ when proto/ or what generates it changed; beside it, tables that say which characters the codes of Chinese, Japanese and Korean PDFs are. */
export async function ensureGenerated(node, environment) {
  const complete = generated.every(name => existsSync(join(root, 'gen', name)))
  if (complete && isCurrent('generated', contracts)) return
  say('generating code from proto/')
  const taken = stamp(contracts)
  await generateInto('gen', node, environment)
  remember('generated', taken)
}

/** Generates into another folder, whose former content goes in one move, so that who reads there never finds half of it. */
export async function generateInto(folder, node, environment) {
  const target = resolve(root, folder)
  mkdirSync(target, { recursive: true })
  const fresh = mkdtempSync(join(target, '.fresh-'))
  try {
    await buf(node, environment, ['generate', '--output', fresh])
    const made = join(fresh, 'gen')
    await buf(node, environment, [
      'build',
      'proto',
      '--output',
      join(made, 'descriptors.binpb'),
      '--as-file-descriptor-set',
    ])
    cpSync(join(root, 'node_modules/pdfjs-dist/cmaps'), join(made, 'cmaps'), { recursive: true })
    for (const name of readdirSync(made)) {
      const old = join(fresh, `old-${name}`)
      if (existsSync(join(target, name))) renameSync(join(target, name), old)
      renameSync(join(made, name), join(target, name))
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

async function buf(node, environment, args) {
  const status = await run(node, ['node_modules/@bufbuild/buf/bin/buf', ...args], { environment, output: 'stderr' })
  if (status !== 0) throw new Error(`buf ${args[0]} ended with status ${status}`)
}

/** Builds the editor's page into gen/editor when it, or what it is made of, changed. */
export async function ensureEditor(node, environment) {
  if (!existsSync(join(root, 'editor/vite.config.ts'))) return
  if (existsSync(join(root, 'gen/editor/index.html')) && isCurrent('editor', page)) return
  say('building the editor')
  const taken = stamp(page)
  const status = await run(node, ['node_modules/vite/bin/vite.js', 'build', 'editor', '--logLevel', 'warn'], {
    environment,
    output: 'stderr',
  })
  if (status !== 0) throw new Error(`the editor could not be built: vite ended with status ${status}`)
  remember('editor', taken)
}
