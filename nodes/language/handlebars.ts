// A Handlebars interpreter: the official parser's tree, walked. Templates are never compiled to code. Nothing is escaped: the text goes to models and people.
import { parse } from '@handlebars/parser'
import { NodeFailure } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'
import { isObject } from '#graph/json.ts'
import { createText } from './text.ts'
import type { TextBuilder } from './text.ts'

/** A parsed template. */
export interface Template {
  /** Names that it reads from outside, in order of appearance. */
  readonly variables: readonly string[]
  /** Throws `TOO_LONG` where the text, or the work that it takes, goes beyond all measure. */
  render(values: Readonly<Record<string, Json | undefined>>): string
}

/** Parses a template; answers what is wrong with it instead where it is not one. */
export function parseTemplate(text: string): Template | { readonly problem: string } {
  if (isTooMuch(text)) return { problem: TOO_MUCH }
  let program: Tree
  try {
    program = parse(text) as unknown as Tree
    if (isTooDeep(program)) return { problem: TOO_DEEP }
  } catch (error) {
    // The parser itself is recursive.
    if (error instanceof RangeError) return { problem: TOO_DEEP }
    const lines = (error instanceof Error ? error.message : String(error)).split('\n')
    return { problem: lines.length > 3 ? `${lines[0]?.toLowerCase()} "${lines[1]}"` : lines.join(' ').toLowerCase() }
  }
  const variables = new Set<string>()
  const unknown = new Set<string>()
  collect(program, { level: 0, locals: new Set() }, { variables, unknown })
  if (unknown.size > 0)
    return {
      problem: `unknown: ${[...unknown].map(name => `"${name}"`).join(', ')}; known are ${[...BLOCKS, ...Object.keys(HELPERS)].join(', ')}`,
    }
  return {
    variables: [...variables],
    render(values) {
      const root = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Record<
        string,
        Json
      >
      const text = createText()
      renderAll(program, { value: root, parent: undefined, locals: { root }, work: createWork() }, text)
      return text.text()
    },
  }
}

const MOST_OPENED = 1000
const TOO_MUCH = `more than ${MOST_OPENED} blocks or brackets`

/** The parser's time grows with more than the square of what is nested: a short text could keep it busy for hours. */
function isTooMuch(text: string): boolean {
  const count = (pattern: RegExp, within: string) => within.match(pattern)?.length ?? 0
  if (count(/\{\{~?\s*(?:[#^]|else)/g, text) > MOST_OPENED) return true
  let brackets = 0
  for (const found of text.matchAll(/\{\{[^]*?\}\}|\{\{/g)) {
    const [tag] = found
    const isWhole = tag !== '{{' && count(/"/g, tag) % 2 === 0 && count(/'/g, tag) % 2 === 0
    // Where a quoted text holds "}}" its end is not known: all that follows may be brackets.
    brackets += count(/\(/g, isWhole ? tag : text.slice(found.index))
    if (!isWhole || brackets > MOST_OPENED) break
  }
  return brackets > MOST_OPENED
}

const MOST_DEPTH = 500
const TOO_DEEP = 'blocks and brackets within each other are too many'

/** Checked without recursion: what comes after is recursive. */
function isTooDeep(program: Tree): boolean {
  let level: readonly Tree[] = [program]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_DEPTH) return true
    level = level.flatMap(({ body = [], path, params = [], hash, program: inner, inverse }) => [
      ...body,
      ...params,
      ...(hash?.pairs ?? []).map(({ value }) => value),
      ...[path, inner, inverse].filter(one => one !== undefined && one !== null),
    ])
  }
  return false
}

const MOST_WORK = 1_000_000
const CHARACTERS_PER_STEP = 64

/** Counts what rendering does: loops within loops can multiply beyond what anybody waits for. */
interface Work {
  spend(steps: number): void
  /** Spends what it takes to read these values once. */
  read(values: readonly (Json | undefined)[]): void
}

function createWork(): Work {
  const sizes = new WeakMap<object, number>()
  let left = MOST_WORK
  const spend = (steps: number) => {
    left -= steps
    if (left < 0) throw new NodeFailure('TOO_LONG', `the template takes more than ${MOST_WORK} steps`, { retry: false })
  }
  const sizeOf = (value: object) => {
    const size = sizes.get(value) ?? JSON.stringify(value).length
    sizes.set(value, size)
    return size
  }
  return {
    spend,
    read(values) {
      for (const value of values) {
        if (typeof value === 'string') spend(value.length / CHARACTERS_PER_STEP)
        else if (typeof value === 'object' && value !== null) spend(sizeOf(value) / CHARACTERS_PER_STEP)
      }
    },
  }
}

/** The parser's nodes, as far as they are used here. */
interface Tree {
  readonly type: string
  readonly body?: readonly Tree[]
  readonly value?: string | number | boolean
  readonly path?: Tree
  readonly params?: readonly Tree[]
  readonly hash?: { readonly pairs: readonly { readonly key: string; readonly value: Tree }[] }
  readonly program?: Tree
  readonly inverse?: Tree
  readonly blockParams?: readonly string[]
  readonly data?: boolean
  readonly depth?: number
  readonly this?: boolean
  readonly parts?: readonly string[]
  readonly original?: string | number | boolean
}

const BLOCKS: readonly string[] = ['if', 'unless', 'each', 'with']

type Helper = (...args: (Json | undefined)[]) => Json | undefined
const HELPERS: Readonly<Record<string, Helper>> = {
  lookup: (of, key) => (typeof key === 'string' || typeof key === 'number' ? member(of, String(key)) : undefined),
  json: value => JSON.stringify(value ?? null),
  upper: value => toText(value).toUpperCase(),
  lower: value => toText(value).toLowerCase(),
  trim: value => toText(value).trim(),
  join: (list, separator) =>
    Array.isArray(list) ? list.map(toText).join(separator === undefined ? ', ' : toText(separator)) : toText(list),
  length: value =>
    typeof value === 'string' || Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : 0,
  eq: (a, b) => toText(a) === toText(b),
  ne: (a, b) => toText(a) !== toText(b),
  not: value => !isTruthy(value),
  and: (...all) => all.every(isTruthy),
  or: (...all) => all.find(isTruthy) ?? null,
}

interface Scope {
  readonly level: number
  readonly locals: ReadonlySet<string>
}
interface Found {
  readonly variables: Set<string>
  readonly unknown: Set<string>
}

/** Finds what the template reads from outside, and helpers that do not exist. */
function collect(tree: Tree, scope: Scope, found: Found): void {
  switch (tree.type) {
    case 'Program':
      for (const one of tree.body ?? []) collect(one, scope, found)
      return
    case 'MustacheStatement':
    case 'SubExpression':
      return collectCall(tree, scope, found)
    case 'BlockStatement':
      return collectBlock(tree, scope, found)
    case 'PathExpression':
      return collectPath(tree, scope, found)
    case 'PartialStatement':
    case 'PartialBlockStatement':
    case 'Decorator':
    case 'DecoratorBlock':
      found.unknown.add('>')
      return
    default:
      return
  }
}

function collectCall({ path, params = [], hash }: Tree, scope: Scope, found: Found): void {
  if (!path) return
  const pairs = hash?.pairs ?? []
  if (params.length > 0 || pairs.length > 0 || path.type === 'SubExpression') {
    if (!Object.hasOwn(HELPERS, nameOf(path))) found.unknown.add(nameOf(path))
    for (const one of [...params, ...pairs.map(({ value }) => value)]) collect(one, scope, found)
  } else collect(path, scope, found)
}

function collectBlock({ path, params = [], program, inverse }: Tree, scope: Scope, found: Found): void {
  if (!path) return
  const name = nameOf(path)
  const plain = !BLOCKS.includes(name)
  if (plain && params.length > 0 && !Object.hasOwn(HELPERS, name)) found.unknown.add(name)
  if (plain && params.length === 0) collect(path, scope, found)
  for (const one of params) collect(one, scope, found)
  const deeper = name === 'if' || name === 'unless' ? scope.level : scope.level + 1
  const locals = new Set([...scope.locals, ...(program?.blockParams ?? [])])
  if (program) collect(program, { level: deeper, locals }, found)
  if (inverse) collect(inverse, scope, found)
}

function collectPath(
  { data, depth = 0, parts = [], this: own }: Tree,
  { level, locals }: Scope,
  { variables }: Found,
): void {
  const [head, second] = parts
  if (data) {
    if (head === 'root' && second !== undefined) variables.add(second)
    return
  }
  if (head === undefined || (!own && depth === 0 && locals.has(head))) return
  if (depth >= level) variables.add(head)
}

function nameOf(path: Tree): string {
  return String(path.original ?? '')
}

/** Where a template stands: the context, the ones around it, block parameters and `@data`. */
interface Frame {
  readonly value: Json | undefined
  readonly parent: Frame | undefined
  readonly locals: Readonly<Record<string, Json>>
  readonly names?: Readonly<Record<string, Json | undefined>>
  readonly work: Work
}

function renderAll(tree: Tree | undefined, frame: Frame, text: TextBuilder): void {
  const { body = [] } = tree ?? {}
  frame.work.spend(1 + body.length)
  for (const one of body) renderOne(one, frame, text)
}

function renderOne(tree: Tree, frame: Frame, text: TextBuilder): void {
  switch (tree.type) {
    case 'ContentStatement':
      return text.add(String(tree.value ?? ''))
    case 'MustacheStatement':
      return text.add(toText(evaluate(tree, frame)))
    case 'BlockStatement':
      return renderBlock(tree, frame, text)
    default:
  }
}

function renderBlock(tree: Tree, frame: Frame, text: TextBuilder): void {
  const name = nameOf(tree.path ?? tree)
  const [first] = tree.params ?? []
  const given = first ? evaluate(first, frame) : undefined
  switch (name) {
    case 'if':
      return renderAll(isTruthy(given) ? tree.program : tree.inverse, frame, text)
    case 'unless':
      return renderAll(isTruthy(given) ? tree.inverse : tree.program, frame, text)
    case 'with':
      return isTruthy(given)
        ? renderAll(tree.program, inside(frame, given, tree, [given]), text)
        : renderAll(tree.inverse, frame, text)
    case 'each':
      return renderEach(tree, given, frame, text)
    default: {
      const value = first ? evaluate({ ...tree, type: 'SubExpression' }, frame) : evaluate(tree.path ?? tree, frame)
      if (Array.isArray(value)) return renderEach(tree, value, frame, text)
      if (!isTruthy(value)) return renderAll(tree.inverse, frame, text)
      const within = value === true ? { ...frame, parent: frame } : inside(frame, value, tree, [value])
      return renderAll(tree.program, within, text)
    }
  }
}

function renderEach(tree: Tree, given: Json | undefined, frame: Frame, text: TextBuilder): void {
  const pairs: (readonly [key: string | number, value: Json])[] = Array.isArray(given)
    ? given.map((value: Json, index) => [index, value] as const)
    : isObject(given)
      ? Object.entries(given)
      : []
  if (pairs.length === 0) return renderAll(tree.inverse, frame, text)
  pairs.forEach(([key, value], index) => {
    const locals = { ...frame.locals, index, key, first: index === 0, last: index === pairs.length - 1 }
    renderAll(tree.program, { ...inside(frame, value, tree, [value, key]), locals }, text)
  })
}

function inside(frame: Frame, value: Json | undefined, tree: Tree, given: readonly (Json | undefined)[]): Frame {
  const names = tree.program?.blockParams ?? []
  if (names.length === 0) return { ...frame, value, parent: frame }
  return {
    ...frame,
    value,
    parent: frame,
    names: { ...frame.names, ...Object.fromEntries(names.map((name, index) => [name, given[index]])) },
  }
}

function evaluate(tree: Tree, frame: Frame): Json | undefined {
  switch (tree.type) {
    case 'StringLiteral':
    case 'NumberLiteral':
    case 'BooleanLiteral':
      return tree.value
    case 'NullLiteral':
      return null
    case 'UndefinedLiteral':
      return undefined
    case 'PathExpression':
      return read(tree, frame)
    case 'MustacheStatement':
    case 'SubExpression': {
      const { path, params = [] } = tree
      if (!path) return undefined
      const helper = params.length > 0 && Object.hasOwn(HELPERS, nameOf(path)) ? HELPERS[nameOf(path)] : undefined
      if (!helper) return evaluate(path, frame)
      const args = params.map(one => evaluate(one, frame))
      frame.work.read(args)
      return helper(...args)
    }
    default:
      return undefined
  }
}

function read({ data, depth = 0, parts = [], this: own }: Tree, frame: Frame): Json | undefined {
  const [head] = parts
  if (data) return parts.reduce<Json | undefined>((value, part) => member(value, part), frame.locals)
  if (head !== undefined && !own && depth === 0 && frame.names && Object.hasOwn(frame.names, head)) {
    return parts.slice(1).reduce((value, part) => member(value, part), frame.names[head])
  }
  let at: Frame | undefined = frame
  for (let up = 0; up < depth; up++) at = at?.parent
  return parts.reduce((value, part) => member(value, part), at?.value)
}

/** Own members only: a template sees data and nothing of the language below. */
function member(of: Json | undefined, key: string): Json | undefined {
  if (Array.isArray(of))
    return key === 'length' ? of.length : /^\d+$/.test(key) ? (of[Number(key)] as Json | undefined) : undefined
  return isObject(of) && Object.hasOwn(of, key) ? of[key] : undefined
}

/** As Handlebars has it: also an empty list is false; but 0 is a value. */
function isTruthy(value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.length > 0
  return value === 0 || Boolean(value)
}

function toText(value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
