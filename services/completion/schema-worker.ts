// Checks a value against a schema whose checking may take without end: whoever waits for it ends this thread in time.
import { parentPort, workerData } from 'node:worker_threads'
import type { JsonObject } from './json.ts'
import { problemsOf } from './schema-check.ts'

const { text, schema } = workerData as { readonly text: string; readonly schema: JsonObject }
parentPort?.postMessage(problemsOf(JSON.parse(text), schema))
