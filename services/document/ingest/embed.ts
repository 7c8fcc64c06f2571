import type { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { isCoded } from '#mesh/errors.ts'
import type { Client } from '#mesh/service.ts'
import { Later, Lost, mayPass } from '../jobs/outcome.ts'
import type { Claim } from '../jobs/store.ts'
import type { DocumentRow } from '../store.ts'
import { WINDOW } from './store.ts'
import type { IngestStore, MissingChunk } from './store.ts'
import { turn } from './turn.ts'

export interface EmbedOptions {
  readonly completion: Client<typeof CompletionServiceDefinition>
  readonly store: IngestStore
  /** Why there can be no vectors; empty: there can be. */
  readonly wordsOnly: string
  readonly title: string
  readonly chunks: number
  readonly signal: AbortSignal
  progress(fraction: number): Promise<void>
}

export interface Embedded {
  /** `provider/model`; empty: of no piece a vector was made. */
  readonly model: string
  /** Why some pieces have no vector; empty: all have one. */
  readonly wordsOnly: string
}

const MOST_TEXTS = 128
/** With room for what is around them in a message. */
const MOST_CHARACTERS = 400_000
const EMBED_MS = 120_000

/** Sees to it that each piece of the wanted reading has an object: with a vector of one model, or with none where there can be none. */
export async function embedPieces(row: DocumentRow, claim: Claim, options: EmbedOptions): Promise<Embedded> {
  const { store, progress, chunks } = options
  let { wordsOnly } = options
  let model = ''
  for (let from = 0; wordsOnly === '' && from < chunks; await turn()) {
    const missing = fitting(await store.missing(claim, model || 'vector', from, MOST_TEXTS))
    const last = missing.at(-1)
    if (!last) {
      from += WINDOW
      continue
    }
    const asked = await ask(row, missing, model, options)
    if ('refusal' in asked) wordsOnly = asked.refusal
    else {
      const objects = missing.map(({ id }, index) => ({
        chunk: id,
        model: asked.model,
        vector: asked.vectors[index] ?? null,
      }))
      if (!(await store.addObjects(claim, objects))) throw new Lost()
      // The first answer tells which model counts: pieces that only another one saw are shown to it, too.
      from = model === '' ? 0 : last.position + 1
      model = asked.model
      await progress(Math.min(1, (last.position + 1) / chunks))
    }
  }
  if (wordsOnly === '') return { model: model || (row.model ?? ''), wordsOnly }
  for (let from = 0; from < chunks; from += WINDOW) {
    if (!(await store.addWords(claim, from))) throw new Lost()
    await turn()
  }
  return { model, wordsOnly }
}

type Asked = { readonly vectors: readonly string[]; readonly model: string } | { readonly refusal: string }

async function ask(
  row: DocumentRow,
  missing: readonly MissingChunk[],
  model: string,
  { completion, title, signal }: EmbedOptions,
): Promise<Asked> {
  const texts = missing.map(({ headings, text }) => [title, ...headings, text].filter(Boolean).join('\n'))
  try {
    const answer = await completion.embed(
      { model, texts },
      { caller: { user: row.owner, service: 'document' }, signal, deadlineMs: EMBED_MS },
    )
    return { vectors: answer.embeddings.map(({ values }) => toBase64(values)), model: answer.model }
  } catch (error) {
    if (signal.aborted || !isCoded(error)) throw error
    if (mayPass(error.code)) throw new Later(`waits for vectors: ${error.message}`, error)
    return { refusal: error.message }
  }
}

function fitting(missing: readonly MissingChunk[]): readonly MissingChunk[] {
  let room = MOST_CHARACTERS
  return missing.filter(({ text, headings }, index) => {
    room -= text.length + headings.join('\n').length
    return index === 0 || room >= 0
  })
}

function toBase64(values: readonly number[]): string {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => bytes.writeFloatLE(value, index * 4))
  return bytes.toString('base64')
}
