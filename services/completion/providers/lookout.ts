/** Looks whether a server on this machine listens. Silent where it does not: most machines have none. */
export interface Lookout {
  /** What is missing; undefined: it is there. */
  missing(): Promise<string | undefined>
}

const THERE_MS = 60_000
const AWAY_MS = 2_000
const ASK_MS = 500

/** One that is there is believed for a minute; one that is not is looked for again, at most every two seconds, when somebody asks. */
export function createLookout(url: string, now: () => number = () => performance.now()): Lookout {
  let seen: { readonly until: number; readonly isThere: Promise<boolean> } | undefined
  const look = async (): Promise<boolean> => {
    try {
      const response = await fetch(`${url}/models`, { signal: AbortSignal.timeout(ASK_MS) })
      await response.body?.cancel()
      return response.ok
    } catch {
      return false
    }
  }
  return {
    async missing() {
      if (!seen || now() > seen.until) {
        const isThere = look().then(found => {
          seen = { until: now() + (found ? THERE_MS : AWAY_MS), isThere }
          return found
        })
        seen = { until: now() + THERE_MS, isThere }
      }
      return (await seen.isThere) ? undefined : `nothing listens at ${url}`
    },
  }
}
