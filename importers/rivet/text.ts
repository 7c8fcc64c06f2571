import type { InPort, Making, Piece } from './piece.ts'
import { noted, numbered, numberOf, textOf, titled, unescaped } from './piece.ts'
import { codePiece } from './code.ts'

/** A text of Rivet with `{{names}}` as a template of ours. */
export function toTemplate(text: string, wired: readonly string[]): Converted {
  const inputs = new Map<string, string>()
  const unknown = new Set<string>()
  const parts: Part[] = []
  let at = 0
  for (const found of text.matchAll(TOKEN)) {
    parts.push({ literal: unwrapped(text.slice(at, found.index)) })
    at = found.index + found[0].length
    const [token = '', ...chain] = (found[1] ?? '').split('|').map(one => one.trim())
    inputs.set(token, socketOf(token))
    for (const one of chain) if (!Object.hasOwn(HELPERS, nameOf(one))) unknown.add(nameOf(one))
    // A helper cannot do anything with nothing, and nothing is what Rivet shows then.
    if (chain.length === 0 || wired.includes(token)) parts.push({ mustache: toMustache(token, chain) })
  }
  parts.push({ literal: unwrapped(text.slice(at)) })
  return { template: render(parts), inputs, unknown: [...unknown] }
}

interface Converted {
  readonly template: string
  /** Sockets by port. */
  readonly inputs: ReadonlyMap<string, string>
  /** What is done to values in Rivet and not here. */
  readonly unknown: readonly string[]
}
type Part = { readonly literal: string } | { readonly mustache: string }

const TOKEN = /\{\{(?!\{)([^{}\s][^{}]*[^{}\s]|[^{}\s])\}\}(?!\})/g
const HELPERS: Readonly<Record<string, string>> = { uppercase: 'upper', lowercase: 'lower', trim: 'trim' }

const nameOf = (instruction: string) => instruction.split(/\s/)[0] ?? ''

/** What is written with three braces shows two. */
function unwrapped(text: string): string {
  return text.replace(/\{{3}([^{}]+)\}{3}/g, '{{$1}}')
}

function socketOf(name: string): string {
  return name === '__proto__' ? 'proto' : name.replaceAll(']', ')')
}

function toMustache(token: string, chain: readonly string[]): string {
  const name = socketOf(token)
  const plain =
    /^[A-Za-z_$][\w$]*$/.test(name) && !['this', 'else', 'true', 'false', 'null', 'undefined'].includes(name)
  const known = chain.map(nameOf).filter(one => Object.hasOwn(HELPERS, one))
  const inner = known.reduce(
    (within, one, index) => (index === known.length - 1 ? `${HELPERS[one]} ${within}` : `(${HELPERS[one]} ${within})`),
    plain ? name : `[${name}]`,
  )
  return `{{${inner}}}`
}

/** Braces and backslashes that would mean something beside a mustache are shown by one. */
function render(parts: readonly Part[]): string {
  const split = parts.flatMap((part): Part[] =>
    'mustache' in part
      ? [part]
      : part.literal
          .split('{{')
          .flatMap((literal, index): Part[] =>
            index === 0 ? [{ literal }] : [{ mustache: shown('{{') }, { literal }],
          ),
  )
  return split
    .map((part, index) => {
      if ('mustache' in part) return part.mustache
      const [before, after] = [index > 0, index < split.length - 1]
      const head = before ? (/^\}+/.exec(part.literal)?.[0] ?? '') : ''
      const rest = part.literal.slice(head.length)
      const tail = after ? (/[{\\]+$/.exec(rest)?.[0] ?? '') : ''
      return `${head === '' ? '' : shown(head)}${rest.slice(0, rest.length - tail.length)}${tail === '' ? '' : shown(tail)}`
    })
    .join('')
}

/** The space keeps a backslash from meaning the quote. */
const shown = (text: string) => `{{trim "${text} "}}`

const unknownNote = (unknown: readonly string[]) =>
  unknown.length > 0 && `what it does to values is left out: ${unknown.join(', ')}`

export function text({ id, node, usedInputs }: Making): Piece {
  const { template, inputs, unknown } = toTemplate(textOf(node.data, 'text'), usedInputs)
  return {
    nodes: { [id]: { type: 'text/template', ...titled(node), config: { template } } },
    inputs: Object.fromEntries(
      Array.from(inputs, ([port, socket]): [string, InPort] => [port, { end: `${id}.${socket}`, wants: 'text' }]),
    ),
    outputs: { output: { end: `${id}.text` } },
    ...noted(unknownNote(unknown)),
  }
}

/** A message: its text, and a role. */
export function prompt({ id, node, usedInputs }: Making): Piece {
  const { data } = node
  const { template, inputs, unknown } = toTemplate(textOf(data, 'promptText'), usedInputs)
  const kind = textOf(data, 'type', 'user')
  return {
    nodes: { [id]: { type: 'text/template', ...titled(node), config: { template } } },
    inputs: Object.fromEntries(
      Array.from(inputs, ([port, socket]): [string, InPort] => [port, { end: `${id}.${socket}`, wants: 'text' }]),
    ),
    outputs: { output: { end: `${id}.text`, role: ['system', 'assistant'].includes(kind) ? kind : 'user' } },
    ...noted(
      unknownNote(unknown),
      data['useTypeInput'] === true && 'its role is the one in its settings, whatever comes in',
      kind === 'function' && 'the result of a tool is a message of the user here',
      data['enableFunctionCall'] === true && 'calls of functions are left out',
    ),
  }
}

export function join(making: Making): Piece {
  const { id, node, usedInputs, kinds } = making
  const ports = numbered(usedInputs, 'input')
  const separator = unescaped(textOf(node.data, 'joinString'))
  const given = node.data['useJoinStringInput'] === true && usedInputs.includes('joinString')
  const isPlain = ports.every(port => usedInputs.includes(port) && (kinds.get(port) ?? 'any') === 'any')
  if (given || !isPlain || ports.length === 0 || ports.length > 26) return joinByCode(making, ports, separator, given)
  return {
    nodes: {
      [id]: { type: 'text/join', ...titled(node), config: { separator } },
      [`${id}-list`]: { type: 'data/list', config: { count: ports.length } },
    },
    wires: [[`${id}-list.list`, `${id}.list`]],
    inputs: Object.fromEntries(
      ports.map((port, index): [string, InPort] => [port, { end: `${id}-list.${letter(index)}` }]),
    ),
    outputs: { output: { end: `${id}.text` } },
    outcome: 'mapped',
  }
}

export const letter = (index: number) => String.fromCharCode(97 + index)

export const AS_TEXT = `const text = value => value === undefined || value === null ? '' : typeof value === 'string' ? value : Array.isArray(value) ? value.map(text).join('\\n') : typeof value === 'object' && typeof value.content === 'string' && typeof value.role === 'string' ? value.content : typeof value === 'object' ? JSON.stringify(value) : String(value)`

function joinByCode(making: Making, ports: readonly string[], separator: string, given: boolean): Piece {
  const flatten = making.node.data['flatten'] === true
  return codePiece(making, {
    ins: [...ports, ...(given ? ['joinString'] : [])],
    outs: [{ name: 'output' }],
    body: [
      AS_TEXT,
      `const separator = ${given ? `v.joinString === undefined ? ${JSON.stringify(separator)} : text(v.joinString).replaceAll('\\\\n', '\\n').replaceAll('\\\\t', '\\t')` : JSON.stringify(separator)}`,
      `const given = ${JSON.stringify(ports)}.filter(port => v[port] !== undefined).map(port => v[port])`,
      `return { output: given.flatMap(one => ${flatten ? 'Array.isArray(one) ? one : [one]' : '[one]'}).map(text).join(separator) }`,
    ].join('\n'),
  })
}

export function split(making: Making): Piece {
  const { id, node } = making
  const delimiter = textOf(node.data, 'delimiter', ',')
  const isRegex = node.data['regex'] === true
  const isGiven = node.data['useDelimiterInput'] === true
  if (isRegex || isGiven)
    return codePiece(making, {
      ins: ['string', ...(isGiven ? ['delimiter'] : [])],
      texts: ['string', 'delimiter'],
      outs: [{ name: 'splitString', kind: 'list' }],
      body: [
        AS_TEXT,
        `const delimiter = ${isGiven ? `v.delimiter === undefined ? ${JSON.stringify(delimiter)} : text(v.delimiter)` : JSON.stringify(delimiter)}`,
        `return { splitString: text(v.string).split(${isRegex ? 'new RegExp(delimiter)' : `delimiter.replaceAll('\\\\n', '\\n').replaceAll('\\\\t', '\\t')`}) }`,
      ].join('\n'),
    })
  return {
    nodes: {
      [id]: {
        type: 'text/split',
        ...titled(node),
        config: { separator: unescaped(delimiter), trim: false, skipEmpty: false },
      },
    },
    inputs: { string: { end: `${id}.text`, wants: 'text' } },
    outputs: { splitString: { end: `${id}.list`, kind: 'list' } },
    outcome: 'mapped',
  }
}

/** Rivet counts tokens; four characters are about one. */
export function chunk({ id, node }: Making): Piece {
  const tokens = Math.max(1, numberOf(node.data, 'numTokensPerChunk') ?? 1024)
  const size = Math.min(1_000_000, Math.round(tokens * 4))
  const share = Math.min(50, Math.max(0, numberOf(node.data, 'overlap') ?? 0)) / 100
  const config = { unit: 'characters', size, overlap: Math.floor(size * share), cut: 'anywhere', trim: false }
  return {
    nodes: {
      [id]: { type: 'text/chunk', ...titled(node), config },
      [`${id}-first`]: { type: 'data/get', config: { path: '[0]' } },
      [`${id}-reversed`]: { type: 'data/reverse' },
      [`${id}-last`]: { type: 'data/get', config: { path: '[0]' } },
      [`${id}-indexes`]: { type: 'data/range', config: { from: 1 } },
    },
    wires: [
      [`${id}.list`, `${id}-first.from`],
      [`${id}.list`, `${id}-reversed.list`],
      [`${id}-reversed.list`, `${id}-last.from`],
      [`${id}.count`, `${id}-indexes.to`],
    ],
    inputs: { input: { end: `${id}.text`, wants: 'text' } },
    outputs: {
      chunks: { end: `${id}.list`, kind: 'list' },
      first: { end: `${id}-first.value` },
      last: { end: `${id}-last.value` },
      indexes: { end: `${id}-indexes.list`, kind: 'list' },
      count: { end: `${id}.count` },
    },
    ...noted(`pieces are measured in characters, four for each of its ${tokens} tokens`),
  }
}
