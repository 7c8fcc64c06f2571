/** US dollars in as many digits as say something: two that count for small sums. */
export function formatMoney(dollars: number): string {
  if (dollars === 0) return '$0'
  const sign = dollars < 0 ? '-' : ''
  const sum = Math.abs(dollars)
  if (sum < 0.000_001) return `${sign}<$0.000001`
  if (sum >= 1000) return `${sign}$${Math.round(sum).toLocaleString('en-US')}`
  if (sum >= 1) return `${sign}$${sum.toFixed(2)}`
  // 0.0021: as many zeros as there are, and two digits.
  const digits = Math.max(2, 1 - Math.floor(Math.log10(sum)))
  return `${sign}$${sum.toFixed(digits)}`
}

/** A price for a million tokens: whole dollars, or cents and what is below them. */
export function formatPrice(dollars: number): string {
  if (dollars === 0) return 'free'
  const price = Number(dollars.toPrecision(4))
  return `$${Number.isInteger(price * 10) && !Number.isInteger(price) ? price.toFixed(2) : price}`
}

/** How many tokens, in a few characters: `950`, `12.3k`, `1M`. */
export function formatTokens(count: number): string {
  if (count < 1000) return String(count)
  const [size, unit] = count < 999_500 ? [1000, 'k'] : [1_000_000, 'M']
  const scaled = count / size
  return `${Number(scaled.toFixed(scaled < 100 ? 1 : 0))}${unit}`
}
