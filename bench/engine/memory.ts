// Run by the engine suite in a process of its own: prints, in MB, how far 100 runs of 1,000 nodes at once raise its memory.
import { chain, runOnce } from './kit.ts'

const plan = chain(1000, 'bench/later')
await runOnce(chain(10, 'bench/later'))
globalThis.gc?.()
const idle = process.memoryUsage().rss
let peak = idle
const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5)
const journals = await Promise.all(Array.from({ length: 100 }, () => runOnce(plan)))
clearInterval(timer)
if (journals.some(journal => journal.length < 1000)) throw new Error('a run has too few entries')
console.log((Math.max(peak, process.memoryUsage().rss) - idle) / 2 ** 20)
