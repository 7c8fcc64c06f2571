import { afterAll, expect, test } from '@jest/globals'
import { createSandbox } from './sandbox.ts'

const sandbox = createSandbox({ processes: 2, timeoutMs: 5_000 })
afterAll(async () => sandbox[Symbol.asyncDispose]())
const never = new AbortController().signal
const run = (code: string, args: readonly (string | number | object)[] = [], timeoutMs?: number) =>
  sandbox.run(code, args as never, { signal: never, ...(timeoutMs ? { timeoutMs } : {}) })

test('code is called with its arguments and its result comes back as JSON', async () => {
  expect(await run('(a, b) => ({ sum: a + b.c })', [1, { c: 2 }])).toEqual({ sum: 3 })
  expect(await run('async () => { await null; return [1, "é\\u0000"] }')).toEqual([1, 'é\u0000'])
  expect(await run('() => undefined')).toBeNull()
})

test('what the code throws is told with its line', async () => {
  await expect(run('() => {\n  const x = null\n  return x.y\n}')).rejects.toMatchObject({
    code: 'CODE_ERROR',
    message: expect.stringMatching(/TypeError.*\(line 3\)/s) as unknown,
  })
  await expect(run('() => {')).rejects.toMatchObject({
    code: 'CODE_ERROR',
    message: expect.stringContaining('SyntaxError') as unknown,
  })
  await expect(run('() => new Promise(() => {})')).rejects.toMatchObject({
    code: 'CODE_ERROR',
    message: 'it waits for something that never happens',
  })
})

test('nothing of the machine can be reached', async () => {
  expect(
    await run('() => [typeof process, typeof require, typeof fetch, typeof WebAssembly, typeof setTimeout]'),
  ).toEqual(['undefined', 'undefined', 'undefined', 'undefined', 'undefined'])
  await expect(run('() => import("node:fs")')).rejects.toMatchObject({ code: 'CODE_ERROR' })
})

test('one job leaves nothing behind for the next', async () => {
  await run('() => { globalThis.left = 1; Array.prototype.map = null }')
  expect(await run('() => [typeof left, [1].map(x => x + 1)]')).toEqual(['undefined', [2]])
})

test('endless loops, hoarded memory and bottomless recursion end, and others go on meanwhile', async () => {
  const endless = run('() => { for (;;); }', [], 500)
  const answers = Promise.all(Array.from({ length: 20 }, (_, index) => run('x => x * 2', [index])))
  await expect(endless).rejects.toMatchObject({ code: 'TIMEOUT', message: 'the code took longer than 500 ms' })
  expect(await answers).toEqual(Array.from({ length: 20 }, (_, index) => index * 2))
  await expect(
    run('() => { const all = []; for (;;) all.push(new Array(1000).fill(all.length)) }'),
  ).rejects.toMatchObject({ code: 'MEMORY' })
  await expect(run('() => { const f = () => f() + 1; return f() }')).rejects.toMatchObject({
    code: 'CODE_ERROR',
    message: expect.stringContaining('stack overflow') as unknown,
  })
  expect(await run('() => 1')).toBe(1)
})

test('a process that is being ended is given no other job', async () => {
  await using one = createSandbox({ processes: 1, timeoutMs: 5_000 })
  const jobs = [
    one.run('() => { for (;;); }', [], { signal: never, timeoutMs: 100 }),
    one.run('() => 1', [], { signal: never }),
  ]
  expect(await Promise.allSettled(jobs)).toMatchObject([{ reason: { code: 'TIMEOUT' } }, { value: 1 }])
  const controller = new AbortController()
  const stopped = one.run('() => { for (;;); }', [], { signal: controller.signal })
  const after = one.run('() => 2', [], { signal: never })
  setTimeout(() => controller.abort(), 50)
  await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(await after).toBe(2)
  // More than one process is asked to do before it is replaced.
  const many = await Promise.all(
    Array.from({ length: 450 }, (_, index) => one.run('x => x', [index], { signal: never })),
  )
  expect(many).toEqual(Array.from({ length: 450 }, (_, index) => index))
})

test('a cancelled job ends at once', async () => {
  const controller = new AbortController()
  const job = sandbox.run('() => { for (;;); }', [], { signal: controller.signal })
  setImmediate(() => controller.abort())
  await expect(job).rejects.toMatchObject({ code: 'CANCELLED' })
})
