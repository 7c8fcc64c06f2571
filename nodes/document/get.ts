import { defineNode, NodeFailure } from '#graph/define.ts'
import type { JsonObject } from '#graph/json.ts'
import { toValue } from '../language/knowledge.ts'
import '../services.ts'

const PAGE = 200

export default defineNode({
  title: 'Get document',
  about: 'Gives a document by its id: what it is, and its text, whole or of one page.',
  icon: 'file-text',
  kind: 'action',
  effect: 'idempotent',
  config: {
    type: 'object',
    properties: {
      characters: {
        type: 'integer',
        title: 'Most characters',
        minimum: 1,
        maximum: 2_000_000,
        default: 100_000,
        description: 'A longer text is cut, and `whole` is false',
      },
    },
  },
  inputs: {
    documentId: { type: 'string', required: true },
    page: { type: 'number', about: 'Only this page; none: all' },
  },
  outputs: {
    document: { type: 'object', about: 'Its title, name, type, language, metadata, pages, state …' },
    text: { type: 'string' },
    chunks: { type: 'array', about: 'Its pieces, in order' },
    whole: { type: 'boolean', about: 'Whether the text is all of it' },
  },
  flow: { in: ['in'], out: ['out'] },
  async run({ documentId, page = 0 }, { config, services, signal }) {
    const { document } = await services.document.getDocument({ documentId }, { signal })
    if (!document) throw new NodeFailure('NOT_FOUND', `there is no document "${documentId}"`, { retry: false })
    const chunks: JsonObject[] = []
    let [text, upTo, more, pageToken] = ['', 0, true, '']
    while (more && text.length < config.characters) {
      const answer = await services.document.listChunks({ documentId, page, limit: PAGE, pageToken }, { signal })
      for (const { id, position, text: piece, page: on, headings, from, to, kind } of answer.chunks) {
        // Pieces overlap, and tables repeat their heads: a text is taken from where the one before ended.
        const fresh = from >= upTo ? piece : piece.slice(Math.max(0, piece.length - (to - upTo)))
        text += text !== '' && from > upTo ? `\n\n${fresh}` : fresh
        upTo = Math.max(upTo, to)
        chunks.push({ id, position, text: piece, page: on, headings: [...headings], from, to, kind })
      }
      pageToken = answer.nextPageToken
      more = pageToken !== ''
    }
    const { metadata, job, ...about } = document
    return {
      outputs: {
        document: { ...about, metadata: toValue(metadata), state: job?.state ?? '' },
        text: text.slice(0, config.characters),
        chunks,
        whole: !more && text.length <= config.characters,
      },
    }
  },
})
