// `npm run faults [-- FAULT…]`: each fault with several seeds, on a mesh of three runners and two edges. `FAULTS_SEED=n` plays one seed again, `FAULTS_ROUNDS=n` more of them,
// `FAULTS_DUMP=file` writes down all that happened last.
import { writeFileSync } from 'node:fs'
import { missingPrograms } from '../processes.ts'
import { FAULTS } from './faults.ts'
import type { History } from './history.ts'
import type { Report } from './scenario.ts'
import { playScenario } from './scenario.ts'

const { FAULTS_DUMP } = process.env
const say = (text: string) => void process.stdout.write(`${text}\n`)

async function main(given: readonly string[]): Promise<number> {
  const missing = missingPrograms()
  if (missing.length > 0) {
    say(`this needs ${missing.join(', ')}, which is not installed`)
    return 2
  }
  const unknown = given.filter(name => !FAULTS.has(name))
  if (unknown.length > 0) {
    say(`there is no fault "${unknown.join('", "')}"; there are:\n  ${[...FAULTS.keys()].join('\n  ')}`)
    return 2
  }
  const { FAULTS_SEED: fixed, FAULTS_ROUNDS: rounds = '2' } = process.env
  const seeds = fixed
    ? [Number(fixed)]
    : Array.from({ length: Number(rounds) }, () => Math.floor(Math.random() * 2 ** 31))
  const reports: (readonly [name: string, report: Report])[] = []
  for (const seed of seeds) {
    for (const name of given.length > 0 ? given : FAULTS.keys()) {
      say(`\n${name} (FAULTS_SEED=${seed})`)
      reports.push([name, await play(name, seed)])
    }
  }
  say(`\n${tableOf(reports)}\n`)
  const bad = reports.filter(([, { problems }]) => problems.length > 0)
  say(bad.length === 0 ? 'nothing was violated' : `violated under: ${bad.map(([name]) => name).join(', ')}`)
  return bad.length === 0 ? 0 : 1
}

async function play(name: string, seed: number): Promise<Report> {
  try {
    return await tell(name, seed)
  } catch (error) {
    const problem = `it could not be played to its end: ${error instanceof Error ? error.message : String(error)}`
    say(`  VIOLATED ${problem}`)
    return {
      ...{ runs: 0, entries: 0, told: 0, takenUp: 0, effects: 0 },
      problems: [problem],
      done: new Map(),
      recoveries: new Map(),
    }
  }
}

async function tell(name: string, seed: number): Promise<Report> {
  const report = await playScenario({
    ...{ seed, faults: [name, name], long: true, runners: 3, edges: 2, people: 3, atOnce: 3 },
    ...{ leaseMs: 4_000, settleMs: 45_000 },
    log: text => say(`  ${text}`),
    ...(FAULTS_DUMP ? { dump: history => dumpTo(FAULTS_DUMP, history) } : {}),
  })
  const { runs, entries, told, takenUp, effects, done, problems } = report
  say(`  ${runs} runs, ${entries} entries, ${told} told, ${takenUp} taken up, ${effects} effects outside`)
  say(`  ${[...done].map(([what, count]) => `${what} ${count}`).join(', ')}`)
  for (const problem of problems.slice(0, 20)) say(`  VIOLATED ${problem.slice(0, 600)}`)
  if (problems.length > 20) say(`  … and ${problems.length - 20} more`)
  return report
}

/** What happened, as JSON: each client's events, the last sample, what processes said. */
function dumpTo(path: string, { clients, samples, effects, said }: History): void {
  const runs = [...(samples.at(-1)?.runs.values() ?? [])]
  writeFileSync(path, JSON.stringify({ clients, runs, effects, said }))
}

function tableOf(reports: readonly (readonly [string, Report])[]): string {
  const rows = [...Map.groupBy(reports, ([name]) => name)].map(([name, of]) => {
    const sum = (read: (report: Report) => number) => String(of.reduce((total, [, report]) => total + read(report), 0))
    const times = of.flatMap(([, { recoveries }]) => [...recoveries.values()].flat()).toSorted((a, b) => a - b)
    const at = (part: number) =>
      times.length === 0 ? '' : (times[Math.floor((times.length - 1) * part)] ?? 0).toFixed(0)
    return [
      name,
      ...[sum(({ runs }) => runs), sum(({ told }) => told), sum(({ takenUp }) => takenUp)],
      ...[at(0.5), at(0.99), sum(({ problems }) => problems.length)],
    ]
  })
  const head = ['fault', 'runs', 'entries told', 'taken up', 'back p50 ms', 'p99 ms', 'violations']
  const lines = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0)))
  return lines.map(line => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n')
}

process.exitCode = await main(process.argv.slice(2))
