// The sandbox's process: interprets user code in QuickJS, one job at a time. It has no environment, may read this program's files only, and is killed
// from outside when it takes too long.
import { newQuickJSWASMModuleFromVariant, newVariant, RELEASE_SYNC } from 'quickjs-emscripten'
import type { QuickJSContext, QuickJSHandle, QuickJSWASMModule } from 'quickjs-emscripten'
import type { Answer, Job } from './job.ts'

// The interpreter's own limit does not hold; this one is the machine's: 16 to 64 MB in pages of 64 KB.
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Memory: new (pages: { initial: number; maximum: number }) => object }
}
const memory = new WebAssembly.Memory({ initial: 256, maximum: 1024 })
const STACK_BYTES = 128 * 1024
const RESULT_CHARACTERS = 4 * 1024 * 1024

const quickjs = await newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { wasmMemory: memory as never }))
process.on('message', (job: Job) => process.send?.(answerTo(job, quickjs)))
process.on('disconnect', () => process.disconnect?.())
process.send?.({ ready: true })

function answerTo(job: Job, engine: QuickJSWASMModule): Answer {
  const runtime = engine.newRuntime()
  runtime.setMaxStackSize(STACK_BYTES)
  const context = runtime.newContext()
  try {
    const answer = evaluate(context, job)
    context.dispose()
    runtime.dispose()
    return answer
  } catch (error) {
    // The interpreter itself gave way: this process must not be used again.
    return {
      id: job.id,
      error: { code: 'MEMORY', message: `the code broke its sandbox: ${String(error).slice(0, 200)}` },
      broken: true,
    }
  }
}

function evaluate(context: QuickJSContext, { id, code, args }: Job): Answer {
  const { runtime } = context
  const called = context.evalCode(`(async (args) => JSON.stringify((await (\n${code}\n)(...args)) ?? null))`, 'code.js')
  if (called.error) return { id, error: toError(context, called.error) }
  const list = context.evalCode(`(${JSON.stringify(args)})`, 'arguments.js')
  if (list.error) return { id, error: toError(context, list.error) }
  const promise = context.callFunction(called.value, context.undefined, list.value)
  called.value.dispose()
  list.value.dispose()
  if (promise.error) return { id, error: toError(context, promise.error) }
  const jobs = runtime.executePendingJobs()
  if (jobs.error) return { id, error: toError(context, jobs.error) }
  jobs.dispose()
  const state = context.getPromiseState(promise.value)
  promise.value.dispose()
  if (state.type === 'pending')
    return { id, error: { code: 'CODE_ERROR', message: 'it waits for something that never happens' } }
  if (state.type === 'rejected') return { id, error: toError(context, state.error) }
  const text = context.getString(state.value)
  state.value.dispose()
  if (text.length > RESULT_CHARACTERS)
    return {
      id,
      error: {
        code: 'CODE_ERROR',
        message: `its result takes ${text.length} characters; at most ${RESULT_CHARACTERS}`,
      },
    }
  return { id, result: text }
}

function toError(context: QuickJSContext, handle: QuickJSHandle): { code: string; message: string } {
  const thrown = context.dump(handle) as unknown
  handle.dispose()
  if (typeof thrown !== 'object' || thrown === null)
    return { code: 'CODE_ERROR', message: `it threw ${JSON.stringify(thrown)}` }
  const { name = 'Error', message = '', stack = '' } = thrown as { name?: string; message?: string; stack?: string }
  if (name === 'InternalError' && message === 'out of memory')
    return { code: 'MEMORY', message: 'it needs more than 64 MB of memory' }
  // Lines are counted from the function's first one, which the wrapper puts on the second.
  const line = /code\.js:(\d+)/.exec(String(stack))?.[1]
  return {
    code: 'CODE_ERROR',
    message: `${name}: ${String(message).slice(0, 2000)}${line ? ` (line ${Number(line) - 1})` : ''}`,
  }
}
