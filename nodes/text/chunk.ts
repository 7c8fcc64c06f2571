import { defineNode, NodeFailure } from '#graph/define.ts'

const CUTS = ['at sentence ends', 'between words', 'anywhere'] as const

export default defineNode({
  title: 'Chunk text',
  about:
    'Cuts a long text into pieces of a size, at sentence ends or between words where there are some in the second half of a piece. Each may begin with the end of the one before.',
  icon: 'between-horizontal-start',
  kind: 'pure',
  config: {
    type: 'object',
    properties: {
      unit: { type: 'string', title: 'Measured in', enum: ['characters', 'words'], default: 'characters' },
      size: { type: 'integer', title: 'Most in a piece', minimum: 1, maximum: 1_000_000, default: 1000 },
      overlap: {
        type: 'integer',
        title: 'Overlap',
        minimum: 0,
        maximum: 500_000,
        default: 0,
        description: 'Most that a piece repeats of the one before; at most half of a piece',
      },
      cut: { type: 'string', title: 'Cut', enum: CUTS, default: 'at sentence ends' },
      trim: { type: 'boolean', title: 'Trim each', default: true, description: 'And leave out empty ones' },
    },
  },
  inputs: { text: { type: 'string', required: true } },
  outputs: { list: { type: 'array<string>' }, count: { type: 'number' } },
  check: ({ size, overlap }) =>
    overlap > size / 2 ? [{ path: 'overlap', message: `expected at most half of ${size}, got ${overlap}` }] : [],
  run({ text }, { config }) {
    const parts = config.unit === 'characters' ? Array.from(text) : (text.match(/^\s+|\S+\s*/g) ?? [])
    const list = chunks(parts, config)
      .map(one => (config.trim ? one.trim() : one))
      .filter(one => !config.trim || one !== '')
    return { outputs: { list, count: list.length } }
  },
})

const MOST_CHARACTERS = 2_000_000

interface Measure {
  readonly size: number
  readonly overlap: number
  readonly cut: (typeof CUTS)[number]
}

function chunks(parts: readonly string[], { size, overlap, cut }: Measure): string[] {
  const list: string[] = []
  let length = 0
  for (let from = 0; from < parts.length;) {
    const to = from + size < parts.length ? cutOf(parts, from, from + size, cut) : parts.length
    const chunk = parts.slice(from, to).join('')
    length += chunk.length
    if (length > MOST_CHARACTERS)
      throw new NodeFailure('TOO_LONG', `the pieces together grew beyond ${MOST_CHARACTERS} characters`, {
        retry: false,
      })
    list.push(chunk)
    from = to < parts.length ? startOf(parts, Math.max(from + 1, to - overlap), to, cut) : to
  }
  return list
}

/** Where a piece ends: at the best place in its second half, else where it is full. */
function cutOf(parts: readonly string[], from: number, full: number, cut: Measure['cut']): number {
  const least = from + Math.floor((full - from) / 2) + 1
  if (cut === 'at sentence ends')
    for (let at = full; at >= least; at--) if (isGap(parts, at) && endsSentence(parts, at)) return at
  if (cut !== 'anywhere') for (let at = full; at >= least; at--) if (isGap(parts, at)) return at
  return full
}

/** Where the next piece begins: at a word, where one begins in what it repeats. */
function startOf(parts: readonly string[], from: number, cut: number, where: Measure['cut']): number {
  if (where === 'anywhere') return from
  for (let at = from; at < cut; at++) if (isGap(parts, at)) return at
  return from
}

/** Whether white space ends right before a part. */
function isGap(parts: readonly string[], at: number): boolean {
  return /\s$/.test(parts[at - 1] ?? '') && !/^\s/.test(parts[at] ?? '')
}

/** Whether what stands before a gap is the end of a sentence or of a line. */
function endsSentence(parts: readonly string[], at: number): boolean {
  let before = at - 1
  while (before >= 0 && parts[before]?.trim() === '') before--
  const tail = parts.slice(Math.max(0, before - 3), at).join('')
  return /[.!?…。！？]["'”’)\]]*\s*$/.test(tail) || /\n\s*$/.test(tail)
}
