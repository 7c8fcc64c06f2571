// `node tools/deploy.ts`: renders deploy/compose.yaml and deploy/k8s from the declarations of the services.
// `node tools/deploy.ts secrets`: prints Kubernetes secrets with new random passwords, for the overlay "small".
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { renderCompose } from './deploy/compose.ts'
import { renderK8s } from './deploy/k8s.ts'
import type { Documents } from './deploy/k8s.ts'
import { readMesh } from './deploy/mesh.ts'
import { renderSecrets } from './deploy/secrets.ts'
import { root } from './launch/state.mjs'

const FOLDER = join(root, 'deploy')
const HEADER =
  '# Rendered by `node tools/deploy.ts` from the declarations of the services: change those, or tools/deploy/.\n'

/** Everything that is rendered, by path below deploy/. */
async function renderDeployment(): Promise<ReadonlyMap<string, string>> {
  const services = await readMesh()
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const { documents, texts } = renderK8s(services, version)
  const rendered = { ...documents, 'compose.yaml': [renderCompose(services, version)] }
  return new Map([
    ...Object.entries(rendered).map(([path, content]) => [path, HEADER + toYaml(content)] as const),
    ...Object.entries(texts),
  ])
}

/** The rendered files that are not what is committed, with those that nothing renders any more. */
export async function staleFiles(): Promise<readonly string[]> {
  const rendered = await renderDeployment()
  const differing = [...rendered].flatMap(([path, text]) => (readIfThere(path) === text ? [] : [path]))
  return [...differing, ...leftOver(rendered)].map(path => `deploy/${path}`)
}

function toYaml(documents: Documents): string {
  return documents
    .map(one => stringify(one, { lineWidth: 0, aliasDuplicateObjects: false, singleQuote: true }))
    .join('---\n')
}

function readIfThere(path: string): string | undefined {
  const file = join(FOLDER, path)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function leftOver(rendered: ReadonlyMap<string, string>): readonly string[] {
  const k8s = join(FOLDER, 'k8s')
  if (!existsSync(k8s)) return []
  return readdirSync(k8s, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(FOLDER.length + 1))
    .filter(path => !rendered.has(path))
}

async function write(): Promise<void> {
  const rendered = await renderDeployment()
  for (const path of leftOver(rendered)) rmSync(join(FOLDER, path))
  for (const [path, text] of rendered) {
    mkdirSync(dirname(join(FOLDER, path)), { recursive: true })
    writeFileSync(join(FOLDER, path), text)
  }
  process.stdout.write(`rendered ${rendered.size} files below deploy/\n`)
}

async function main([command, ...rest]: readonly string[]): Promise<void> {
  if (command === undefined) return write()
  if (command === 'secrets' && rest.length === 0) {
    process.stdout.write(toYaml(renderSecrets(await readMesh())))
    return
  }
  process.stderr.write('usage: node tools/deploy.ts [secrets]\n')
  process.exitCode = 2
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2))
