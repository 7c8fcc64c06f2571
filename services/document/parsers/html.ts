import { HtmlBlocks } from '../parsing/html-blocks.ts'
import type { HtmlBlock } from '../parsing/html-blocks.ts'
import type { Parser } from '../parsing/parser.ts'
import { readText } from '../parsing/text-stream.ts'

/** Pages up to this size are looked at as a whole, so that what stands around their main part can be left out. */
const MOST_OF_PAGE = 8 * 2 ** 20
const LEAST_OF_MAIN = 200

/** Pages of the web: headings, paragraphs, lists, tables and code; what is in `main` or `article` alone, where there is one with text. */
const parser: Parser = {
  type: 'html',
  async *parse(input) {
    const blocks = new HtmlBlocks(title => input.title(title))
    const held: HtmlBlock[] = []
    const isPage = input.sizeBytes <= MOST_OF_PAGE
    const take = () => {
      const ready = blocks.take()
      if (!isPage) return ready.map(({ block }) => block)
      held.push(...ready)
      return []
    }
    for (const text of readText(input)) {
      blocks.write(text)
      yield* take()
    }
    blocks.end()
    yield* take()
    const main = held.filter(({ isMain }) => isMain)
    yield* (lengthOf(main) >= Math.min(LEAST_OF_MAIN, lengthOf(held) / 4) ? main : held).map(({ block }) => block)
  },
}
export default parser

function lengthOf(blocks: readonly HtmlBlock[]): number {
  return blocks.reduce((sum, { block }) => sum + (block.kind === 'page' ? 0 : block.text.length), 0)
}
