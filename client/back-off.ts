const FIRST_MS = 250
const MOST_MS = 10_000

/** How long to wait before the next try after `tries` failed ones: anywhere from 0 to a bound that doubles from 250 ms to 10 s ("full jitter"). */
export function backOffMs(tries: number): number {
  return Math.random() * Math.min(MOST_MS, FIRST_MS * 2 ** tries)
}

/** Waits; an abort ends the wait early. Never rejects. */
export function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, delayMs)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end)
  })
}
