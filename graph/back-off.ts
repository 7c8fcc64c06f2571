import type { Activation } from './activation.ts'
import { fractionOf } from './hash.ts'

const LONGEST_MS = 3_600_000

/** Full jitter: a random part of a delay that doubles (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/); the same in every replay. */
export function backOffMs({ attempt, high, node }: Activation): number {
  const longest = Math.min((node.retry?.delayMs ?? 0) * 2 ** (attempt - 1), LONGEST_MS)
  return Math.round(longest * fractionOf(high + attempt))
}
