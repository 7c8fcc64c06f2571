import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diffLines, linesOf, unified } from '../language/diff.ts'
import { outputsOf, problemsOf, runNode } from '../kit.suite.ts'

const diff = async (before: string, after: string, context = 3) =>
  outputsOf('text/diff', { config: { context }, inputs: { before, after } })

test('tells what stayed, what went and what came, and a unified diff of it', async () => {
  expect(await diff('a\nb\nc\nd\n', 'a\nB\nc\nd\ne\n', 1)).toEqual({
    changes: [
      { kind: 'same', text: 'a\n' },
      { kind: 'removed', text: 'b\n' },
      { kind: 'added', text: 'B\n' },
      { kind: 'same', text: 'c\nd\n' },
      { kind: 'added', text: 'e\n' },
    ],
    unified: '--- before\n+++ after\n@@ -1,4 +1,5 @@\n a\n-b\n+B\n c\n d\n+e\n',
    same: false,
    removed: 1,
    added: 2,
  })
})

test('far changes are told apart, with as many lines around as wanted', async () => {
  const lines = Array.from({ length: 9 }, (_, index) => `${index}\n`)
  const after = lines.with(1, 'x\n').with(7, 'y\n').join('')
  expect((await diff(lines.join(''), after, 1))['unified']).toBe(
    '--- before\n+++ after\n@@ -1,3 +1,3 @@\n 0\n-1\n+x\n 2\n@@ -7,3 +7,3 @@\n 6\n-7\n+y\n 8\n',
  )
  expect((await diff('a\nb\n', 'b\n', 0))['unified']).toBe('--- before\n+++ after\n@@ -1,1 +0,0 @@\n-a\n')
})

test('the same texts, empty ones too, have no changes', async () => {
  expect(await diff('', '')).toEqual({ changes: [], unified: '', same: true, removed: 0, added: 0 })
  expect(await diff('a', 'a')).toMatchObject({ changes: [{ kind: 'same', text: 'a' }], unified: '', same: true })
  expect(await diff('', 'a')).toMatchObject({
    changes: [{ kind: 'added', text: 'a' }],
    unified: '--- before\n+++ after\n@@ -0,0 +1,1 @@\n+a\n\\ No newline at end of file\n',
  })
  expect((await diff('a\n', 'a'))['changes']).toEqual([
    { kind: 'removed', text: 'a\n' },
    { kind: 'added', text: 'a' },
  ])
})

const line = fc.constantFrom('a\n', 'b\n', 'c\n', '\n', '-x\n')
const text = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom('', 'a', 'end'))
  .map(([lines, last]) => lines.join('') + last)

test('what stayed and went is the one text, what stayed and came the other, with as few changes as there can be', () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      const changes = diffLines(linesOf(before), linesOf(after))
      const without = (kind: string) =>
        changes
          .filter(one => one.kind !== kind)
          .flatMap(one => one.lines)
          .join('')
      expect([without('added'), without('removed')]).toEqual([before, after])
      const edits = changes.filter(one => one.kind !== 'same').reduce((sum, one) => sum + one.lines.length, 0)
      const [a, b] = [linesOf(before), linesOf(after)]
      expect(edits).toBe(a.length + b.length - 2 * longestCommon(a, b))
    }),
    { numRuns: 500 },
  )
})

/** The textbook's table, to check against. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = Array.from({ length: b.length + 1 }, () => 0)
  for (const one of a) {
    const next = [0]
    b.forEach((other, index) =>
      next.push(one === other ? (row[index] ?? 0) + 1 : Math.max(row[index + 1] ?? 0, next[index] ?? 0)),
    )
    row = next
  }
  return row.at(-1) ?? 0
}

const PATCH = '/usr/bin/patch'
;(existsSync(PATCH) ? describe : describe.skip)('where `patch` is installed', () => {
  test('it makes the one text the other', () => {
    const folder = mkdtempSync(join(tmpdir(), 'diff-'))
    const file = join(folder, 'text')
    try {
      fc.assert(
        fc.property(text, text, fc.integer({ min: 0, max: 3 }), (before, after, context) => {
          fc.pre(before !== after && after !== '')
          writeFileSync(file, before)
          const input = unified(diffLines(linesOf(before), linesOf(after)), context)
          execFileSync(PATCH, ['--silent', '--force', '--fuzz=0', file], { input, stdio: ['pipe', 'ignore', 'ignore'] })
          expect(readFileSync(file, 'utf8')).toBe(after)
        }),
        { numRuns: 60 },
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

test('texts without anything in common are told as replaced, in bounded time', async () => {
  const [before, after] = ['a', 'b'].map(name =>
    Array.from({ length: 3000 }, (_, index) => `${name}${index}\n`).join(''),
  ) as [string, string]
  expect(await diff(`x\n${before}y\n`, `x\n${after}y\n`)).toMatchObject({
    changes: [
      { kind: 'same', text: 'x\n' },
      { kind: 'removed', text: before },
      { kind: 'added', text: after },
      { kind: 'same', text: 'y\n' },
    ],
    removed: 3000,
    added: 3000,
  })
})

test('needs both texts, and tells what is wrong with its config', async () => {
  expect((await runNode('text/diff', { inputs: { before: '' } })).error).toMatchObject({ code: 'NO_VALUE' })
  expect(problemsOf('text/diff', { context: -1 })).toEqual([
    { path: 'config.context', message: 'expected at least 0, got -1' },
  ])
})
