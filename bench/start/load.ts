import { Pool } from 'undici'

/** What one worker asks again and again. */
export interface Asked {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Throws where the answer is not what was asked for. */
  check(status: number, text: string): void
}

/** Keep-alive connections over which requests are made. */
export interface Load {
  /** Each worker asks one request after another for so long; answers how long each took, in milliseconds. */
  full(workers: readonly Asked[], ms: number): Promise<number[]>
  /**
   * Asks `perSecond` times a second for so long, each time by the next worker that is free; answers how long each took, from when it was due: what
   * waits because the server is slow counts as slow.
   */
  paced(workers: readonly Asked[], perSecond: number, ms: number): Promise<number[]>
  close(): Promise<void>
}

export function openLoad(url: string, connections: number): Load {
  const pool = new Pool(url, { connections, pipelining: 1 })
  const ask = async ({ method, path, headers, body, check }: Asked) => {
    const answer = await pool.request({ method, path, ...(headers ? { headers } : {}), ...(body ? { body } : {}) })
    check(answer.statusCode, await answer.body.text())
  }
  return {
    async full(workers, ms) {
      const took: number[] = []
      const until = performance.now() + ms
      const work = async (asked: Asked) => {
        while (performance.now() < until) {
          const began = performance.now()
          await ask(asked)
          took.push(performance.now() - began)
        }
      }
      await Promise.all(workers.map(work))
      return took
    },
    async paced(workers, perSecond, ms) {
      const took: number[] = []
      const began = performance.now()
      const all = Math.round((perSecond * ms) / 1000)
      let next = 0
      const work = async (asked: Asked) => {
        for (let index = next++; index < all; index = next++) {
          const due = began + (index * 1000) / perSecond
          const early = due - performance.now()
          if (early > 0) await new Promise(resolve => setTimeout(resolve, early))
          await ask(asked)
          took.push(performance.now() - due)
        }
      }
      await Promise.all(workers.map(work))
      return took
    },
    close: () => pool.close(),
  }
}
