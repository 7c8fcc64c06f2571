// `npm run bench -- <suite> [--json FILE]`: measures, prints a table, and writes the same as JSON.
import { readdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Result, Suite } from './harness.ts'
import { toSideBySide, toTable } from './table.ts'

const suites = readdirSync(new URL('./suites/', import.meta.url))
  .filter(name => name.endsWith('.ts'))
  .map(name => name.slice(0, -3))

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } })
const name = positionals[0] ?? ''
if (suites.includes(name)) await measureSuite(name)
else {
  console.error(`expected a suite: ${suites.join(', ')}; got "${name}"`)
  process.exitCode = 2
}

async function measureSuite(which: string): Promise<void> {
  const { suite } = (await import(`./suites/${which}.ts`)) as { suite: Suite }
  console.error(`${which}: ${suite.about}`)
  console.error(
    `Node ${process.versions.node}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB\n`,
  )
  const results: Result[] = []
  await suite.run(result => {
    results.push(result)
    console.error(`  ${result.name}${result.against ? `: ${result.against.name}` : ''}`)
  })
  console.log(`\n${toTable(results)}`)
  const sideBySide = toSideBySide(results)
  if (sideBySide !== '') console.log(`\nours / theirs in brackets:\n${sideBySide}`)
  if (values.json !== undefined) writeFileSync(resolve(values.json), `${JSON.stringify(results, undefined, 2)}\n`)
}
