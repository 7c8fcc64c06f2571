import type { Making, Piece } from './piece.ts'
import { textOf, titled } from './piece.ts'
import { codePiece } from './code.ts'
import type { CodeOut } from './code.ts'
import { AS_TEXT } from './text.ts'

export function extractRegex(making: Making): Piece {
  const { data } = making.node
  const regex = textOf(data, 'regex')
  const isGiven = data['useRegexInput'] === true
  const groups = making.usedOutputs.filter(port => /^output[1-9]\d?$/.test(port))
  const flags = data['multilineMode'] === true ? 'gm' : 'g'
  const outs: CodeOut[] = [
    ...groups.map(name => ({ name })),
    { name: 'matches', kind: 'list' },
    { name: 'succeeded' },
    { name: 'failed' },
  ]
  return codePiece(making, {
    ins: ['input', ...(isGiven ? ['regex'] : [])],
    texts: ['input', 'regex'],
    outs,
    body: [
      AS_TEXT,
      `const found = [...text(v.input).matchAll(new RegExp(${isGiven ? `v.regex ?? ${JSON.stringify(regex)}` : JSON.stringify(regex)}, '${flags}'))]`,
      data['errorOnFailed'] === true
        ? "if (!found.some(one => one[1])) throw new Error('no match found')"
        : 'if (found.length === 0) return { succeeded: false, failed: true }',
      'const groups = Object.fromEntries((found[0] ?? []).slice(1).flatMap((value, index) => value === undefined ? [] : [[`output${index + 1}`, value]]))',
      'return { ...groups, matches: found.map(one => one[1]).filter(Boolean), succeeded: true, failed: false }',
    ].join('\n'),
  })
}

export function extractJson(making: Making): Piece {
  return codePiece(making, {
    ins: ['input'],
    texts: ['input'],
    outs: [
      { name: 'output', kind: 'mixed', conditional: true },
      { name: 'noMatch', conditional: true },
    ],
    body: [
      AS_TEXT,
      'const given = text(v.input)',
      'const places = list => list.filter(place => place >= 0)',
      "const [first, last] = [Math.min(...places(['{', '['].map(one => given.indexOf(one)))), Math.max(...places(['}', ']'].map(one => given.lastIndexOf(one))))]",
      'for (const one of [given, given.slice(Number.isFinite(first) ? first : 0, last + 1)]) { try { return { output: JSON.parse(one) } } catch {} }',
      'return { noMatch: given }',
    ].join('\n'),
  })
}

export function extractMarkdownCodeBlocks(making: Making): Piece {
  return codePiece(making, {
    ins: ['input'],
    texts: ['input'],
    outs: [
      { name: 'firstBlock', conditional: true },
      { name: 'allBlocks', kind: 'list' },
      { name: 'languages', kind: 'list' },
    ],
    body: [
      AS_TEXT,
      'const found = [...text(v.input).matchAll(/```(\\w*)\\n([\\s\\S]*?)```/g)]',
      'const rest = { allBlocks: found.map(one => one[2]), languages: found.map(one => one[1]) }',
      'return found.length > 0 ? { firstBlock: found[0][2], ...rest } : rest',
    ].join('\n'),
  })
}

export function toJson({ id, node }: Making): Piece {
  const indent = node.data['indented'] === true ? 2 : 0
  return {
    nodes: { [id]: { type: 'data/to-json', ...titled(node), config: { indent } } },
    inputs: { data: { end: `${id}.value` } },
    outputs: { json: { end: `${id}.text` } },
    outcome: 'mapped',
  }
}

/** Steps of a JSONPath without wildcards, filters or recursion. */
export function stepsOf(path: string): readonly (string | number)[] | undefined {
  const steps: (string | number)[] = []
  const text = path.trim().replace(/^\$/, '')
  const pattern = /\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\[(?:'([^'\]]*)'|"([^"\]]*)")\]/uy
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (!found) return undefined
    const [, name, index, single, double] = found
    steps.push(index === undefined ? (name ?? single ?? double ?? '') : Number(index))
  }
  return steps
}

const WALK =
  'const walk = (value, steps) => steps.reduce((at, step) => at !== null && typeof at === "object" && Object.hasOwn(at, step) ? at[step] : undefined, value)'
const PARSED =
  "const object = typeof v.object === 'string' ? (() => { try { return JSON.parse(v.object) } catch { return v.object } })() : v.object"

export function extractObjectPath(making: Making): Piece | undefined {
  const steps = stepsOf(textOf(making.node.data, 'path', '$'))
  if (!steps || making.node.data['usePathInput'] === true) return undefined
  return codePiece(making, {
    ins: ['object'],
    outs: [
      { name: 'match', kind: 'mixed', conditional: true },
      { name: 'all_matches', kind: 'list' },
    ],
    body: [
      WALK,
      PARSED,
      `const found = walk(object, ${JSON.stringify(steps)})`,
      'return found === undefined ? { all_matches: [] } : { match: found, all_matches: [found] }',
    ].join('\n'),
  })
}

export function destructure(making: Making): Piece | undefined {
  const { paths } = making.node.data
  const list = (Array.isArray(paths) ? paths : []).map(path => stepsOf(typeof path === 'string' ? path : ''))
  if (list.includes(undefined)) return undefined
  return codePiece(making, {
    ins: ['object'],
    // Always more than one, so that an object without the value is not taken for it.
    outs: [...list.map((_, index) => ({ name: `match_${index}`, kind: 'mixed' as const })), { name: 'count' }],
    body: [
      WALK,
      PARSED,
      `const found = ${JSON.stringify(list)}.map((steps, index) => [\`match_\${index}\`, walk(object, steps)])`,
      'return { ...Object.fromEntries(found.filter(([, value]) => value !== undefined)), count: found.length }',
    ].join('\n'),
  })
}
