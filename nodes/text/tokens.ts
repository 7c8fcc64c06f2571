import { defineNode, NodeFailure } from '#graph/define.ts'
import type { NodeContext } from '#graph/define.ts'
import type { Counter } from '../language/tokens.ts'
import { encodingOf, ENCODINGS, fitting, loadCounter, piecesOf } from '../language/tokens.ts'

const MOST_CHARACTERS = 2_000_000

export default defineNode({
  title: 'Tokens',
  about:
    'Counts the tokens of a text as a model does, and cuts it to a number of them. Exact for the models of OpenAI, near for others; nothing is asked over the network.',
  icon: 'coins',
  kind: 'action',
  effect: 'pure',
  config: {
    type: 'object',
    properties: {
      encoding: { type: 'string', title: 'Encoding', enum: ['by the model', ...ENCODINGS], default: 'by the model' },
      model: {
        type: 'string',
        title: 'Model',
        format: 'model',
        default: '',
        description: 'One that is not known, or none: as the newest count',
      },
      limit: {
        type: 'integer',
        title: 'Most tokens',
        minimum: 0,
        maximum: 10_000_000,
        default: 0,
        description: '0: all of them',
      },
      keep: { type: 'string', title: 'Keep', enum: ['start', 'end'], default: 'start' },
      words: { type: 'boolean', title: 'Cut between words', default: true },
    },
  },
  inputs: {
    text: { type: 'string', required: true },
    limit: { type: 'number', about: 'In place of the one in the settings' },
  },
  outputs: {
    count: { type: 'number', about: 'Tokens of the whole text' },
    text: { type: 'string', about: 'What fits' },
    kept: { type: 'number', about: 'Tokens of what fits' },
    cut: { type: 'boolean', about: 'Whether something is missing' },
  },
  flow: { in: ['in'], out: ['out'] },
  async run({ text, limit }, context) {
    const { encoding, model, keep, words, limit: usual } = context.config
    if (text.length > MOST_CHARACTERS)
      throw new NodeFailure('TOO_LONG', `expected at most ${MOST_CHARACTERS} characters, got ${text.length}`, {
        retry: false,
      })
    const counter = await loadCounter(encoding === 'by the model' ? await encodingOf(model) : encoding)
    const most = Math.floor(limit ?? usual)
    if (most < 0 || (limit === undefined && most === 0)) {
      const count = await countAll(piecesOf(text), counter, context)
      return { outputs: { count, text, kept: count, cut: false } }
    }
    const { count, part } = await cutTo(text, most, keep, counter, context)
    const whole = (given: string) => (words && given.length < text.length ? betweenWords(given, text, keep) : given)
    let left = whole(part)
    let kept = left === text ? count : await countAll(piecesOf(left), counter, context)
    // A part can have more tokens than a little more of the text.
    while (kept > most) {
      left = whole(withoutOne(left, keep))
      kept = await countAll(piecesOf(left), counter, context)
    }
    return { outputs: { count, text: left, kept, cut: left.length < text.length } }
  },
})

type Turns = Pick<NodeContext, 'now' | 'sleep' | 'signal'>
const SLICE_MS = 8

/** Lets others work in between. */
async function countAll(
  pieces: Iterable<string>,
  counter: Counter,
  { now, sleep, signal }: Turns,
  seen?: (piece: string, tokens: number) => void,
): Promise<number> {
  let [sum, since] = [0, now()]
  for (const piece of pieces) {
    const tokens = counter(piece)
    sum += tokens
    seen?.(piece, tokens)
    if (now() - since < SLICE_MS) continue
    await sleep(0)
    signal.throwIfAborted()
    since = now()
  }
  return sum
}

async function cutTo(text: string, most: number, keep: 'start' | 'end', counter: Counter, turns: Turns) {
  const pieces = [...piecesOf(text)]
  const parts: string[] = []
  let [left, isFull] = [most, false]
  const count = await countAll(keep === 'start' ? pieces : pieces.toReversed(), counter, turns, (piece, tokens) => {
    if (isFull) return
    isFull = tokens > left
    parts.push(isFull ? fitting(piece, left, keep, counter) : piece)
    left -= tokens
  })
  return { count, part: (keep === 'start' ? parts : parts.reverse()).join('') }
}

function withoutOne(text: string, keep: 'start' | 'end'): string {
  const signs = Array.from(text)
  return (keep === 'start' ? signs.slice(0, -1) : signs.slice(1)).join('')
}

/** Without the word that the cut goes through, unless it is the only one. */
function betweenWords(part: string, text: string, keep: 'start' | 'end'): string {
  const isSpace = (sign: string) => /^\s?$/.test(sign)
  if (keep === 'start') {
    if (isSpace(text.charAt(part.length))) return part.trimEnd()
    const at = Math.max(...[' ', '\n', '\t'].map(space => part.lastIndexOf(space)))
    return at < 0 ? part : part.slice(0, at).trimEnd()
  }
  if (isSpace(text.charAt(text.length - part.length - 1))) return part.trimStart()
  const found = [' ', '\n', '\t'].map(space => part.indexOf(space)).filter(at => at >= 0)
  return found.length === 0 ? part : part.slice(Math.min(...found)).trimStart()
}
