import { defineNode, NodeFailure } from '#graph/define.ts'
import type { JsonObject } from '#graph/json.ts'
import { toBytes, toValue } from '../language/knowledge.ts'
import { fromDataUrl } from '../language/media.ts'
import '../services.ts'

const PIECE_BYTES = 256 * 1024

export default defineNode({
  title: 'Store document',
  about:
    'Keeps a text or a file (PDF, Word, PowerPoint, Excel, HTML, Markdown, text, CSV, JSON) among your documents, where it is found by meaning and by words. The same again is not kept twice.',
  icon: 'file-plus',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      collection: { type: 'string', title: 'Collection', maxLength: 63, default: '', description: 'Empty: default' },
      name: {
        type: 'string',
        title: 'File name',
        maxLength: 255,
        default: 'note.md',
        description: 'What it ends with tells what a text is',
      },
      wait: {
        type: 'boolean',
        title: 'Wait until it is read',
        default: true,
        description: 'Otherwise it goes on at once, and is found a little later',
      },
    },
  },
  inputs: {
    content: { type: 'any', required: true, about: 'A text, a file as a data URL, or an https URL of a page or file' },
    name: { type: 'string', about: 'In place of the one in the settings' },
    title: { type: 'string' },
    metadata: { type: 'object', about: 'Texts, numbers and booleans to filter by' },
  },
  outputs: {
    documentId: { type: 'string' },
    document: { type: 'object', about: 'Its title, type, language, pages, pieces …' },
    duplicate: { type: 'boolean', about: 'It was there already' },
  },
  flow: { in: ['in'], out: ['out'] },
  async run({ content, name, title = '', metadata }, { config, services, signal, progress }) {
    const about = {
      collection: config.collection,
      title,
      metadata: metadata === undefined ? new Uint8Array() : toBytes(metadata),
    }
    const stored = isUrl(content)
      ? await services.document.fetch({ ...about, url: content }, { signal })
      : await services.document.upload(toRequests(content, { ...about, name: name ?? config.name }), { signal })
    let { document } = stored
    if (!document) throw new NodeFailure('BAD_ANSWER', 'no document came back')
    if (config.wait)
      for await (const change of services.document.watch({ documentId: document.id, untilDone: true }, { signal })) {
        if (change.deleted) throw new NodeFailure('ABORTED', 'it was deleted meanwhile', { retry: false })
        document = change.document ?? document
        progress(document.job?.progress ?? 0, document.job?.state)
      }
    const { job, metadata: kept, ...what } = document
    if (job?.state === 'failed' || job?.state === 'skipped')
      throw new NodeFailure(job.code || 'FAILED', `"${document.name}": ${job.message}`, { retry: false })
    const shown: JsonObject = { ...what, metadata: toValue(kept), state: job?.state ?? '' }
    return { outputs: { documentId: document.id, document: shown, duplicate: stored.duplicate } }
  },
})

function isUrl(content: unknown): content is string {
  return typeof content === 'string' && /^https?:\/\/\S+$/.test(content)
}

async function* toRequests(content: unknown, about: object) {
  const isFile = typeof content === 'string' && content.startsWith('data:')
  const { mediaType, bytes } = isFile
    ? fromDataUrl(content, 'content', 'file')
    : {
        mediaType: '',
        bytes: new TextEncoder().encode(typeof content === 'string' ? content : JSON.stringify(content, undefined, 2)),
      }
  yield { part: { $case: 'options' as const, value: { ...about, mediaType } } }
  for (let at = 0; at < bytes.length; at += PIECE_BYTES)
    yield { part: { $case: 'data' as const, value: bytes.subarray(at, at + PIECE_BYTES) } }
}
