/** How long to wait after so many failures in a row: twice as long each time, from `first` to `most` milliseconds, each a quarter more or less, so that many do not come back together. */
export function backOffMs(
  failures: number,
  { first, most }: { readonly first: number; readonly most: number },
): number {
  return Math.round(Math.min(first * 2 ** Math.min(failures, 16), most) * (0.75 + Math.random() / 2))
}
