// Reads one file after another for the thread that started this one. It may be ended at any time.
import { parentPort } from 'node:worker_threads'
import { ParseFailure } from './parser.ts'
import type { ReadingRequest } from './parser.ts'
import { readFile } from './reading.ts'
import type { ToReader, ToThread } from './reading-messages.ts'
import { AHEAD } from './reading-messages.ts'

const port = parentPort
let credits = 0
let wake = (): void => {}

port?.on('message', (message: ToThread) => {
  if (message.kind === 'more') {
    credits++
    wake()
  } else void read(message.request)
})

async function read(request: ReadingRequest): Promise<void> {
  credits = AHEAD
  try {
    for await (const reading of readFile(request)) {
      if (reading.kind === 'pieces') {
        while (credits === 0) await new Promise<void>(resolve => (wake = resolve))
        credits--
      }
      tell({ kind: 'reading', reading })
    }
    tell({ kind: 'done' })
  } catch (error) {
    if (error instanceof ParseFailure) tell({ kind: 'failed', code: error.code, message: error.message })
    else throw error
  }
}

function tell(message: ToReader): void {
  port?.postMessage(message)
}
