import type { Run } from './page-text.ts'

/** What most of a document's text looks like, as far as it was read. */
export interface PageStyle {
  readonly bodySize: number
  /** Whether most of it is bold: then bold tells nothing. */
  readonly boldBody: boolean
  /** Whether most of it has characters of one width. */
  readonly monoBody: boolean
}

export function createStyle(): { add(runs: readonly Run[]): void; read(): PageStyle } {
  const sizes = new Map<number, number>()
  let all = 0
  let bold = 0
  let mono = 0
  return {
    add(runs) {
      for (const run of runs) {
        const size = Math.round(run.size * 2) / 2
        sizes.set(size, (sizes.get(size) ?? 0) + run.text.length)
        all += run.text.length
        if (run.bold) bold += run.text.length
        if (run.mono) mono += run.text.length
      }
    },
    read() {
      let bodySize = 0
      for (const [size, count] of sizes) if (count > (sizes.get(bodySize) ?? 0)) bodySize = size
      return { bodySize, boldBody: bold * 2 > all, monoBody: mono * 5 > all * 3 }
    },
  }
}
