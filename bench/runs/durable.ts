/** What a durable workflow of a peer is asked: so many steps, one after another; each adds one, or (with a URL) sends a request and waits for the answer. */
export interface Workflow {
  readonly steps: number
  readonly url?: string
}

export async function step(value: number, url: string | undefined): Promise<number> {
  if (url === undefined) return value + 1
  const answer = await fetch(url, { method: 'POST', body: String(value) })
  await answer.text()
  return value + 1
}

/** The commands of a peer, by how it runs one workflow. */
export function commandsOf(run: (workflow: Workflow) => Promise<number>) {
  const checked = async (workflow: Workflow) => {
    const value = await run(workflow)
    if (value !== workflow.steps) throw new Error(`${workflow.steps} steps came to ${value}`)
  }
  return {
    async many({ inFlight, ms, workflow }: { inFlight: number; ms: number; workflow: Workflow }) {
      let done = 0
      const began = performance.now()
      const worker = async () => {
        while (performance.now() - began < ms) {
          await checked(workflow)
          done++
        }
      }
      await Promise.all(Array.from({ length: inFlight }, worker))
      return { perSecond: (done / (performance.now() - began)) * 1000 }
    },
    async one({ ms, workflow }: { ms: number; workflow: Workflow }) {
      const took: number[] = []
      for (const began = performance.now(); performance.now() - began < ms;) {
        const before = performance.now()
        await checked(workflow)
        took.push(performance.now() - before)
      }
      return { took }
    },
  }
}
