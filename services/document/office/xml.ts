import { Parser } from 'htmlparser2'
import { ParseFailure } from '../parsing/parser.ts'

/** What happens while XML is read. Names come without their prefix. */
export interface XmlHandler {
  open(name: string, attributes: Readonly<Record<string, string>>): void
  close(name: string): void
  text?(text: string): void
}

const MOST_DEPTH = 500

/**
 * Reads XML as it arrives, and hands out what the handler emits. A document type is refused, so no entity is ever expanded. Throws
 * {@link ParseFailure}.
 */
export async function* readXml<Item>(
  chunks: AsyncIterable<Uint8Array>,
  part: string,
  handle: (emit: (item: Item) => void) => XmlHandler,
): AsyncGenerator<Item> {
  const items: Item[] = []
  const parser = createParser(
    part,
    handle(item => items.push(item)),
  )
  let decoder: InstanceType<typeof TextDecoder> | undefined
  for await (const chunk of chunks) {
    decoder ??= new TextDecoder(encodingOf(chunk))
    parser.write(decoder.decode(chunk, { stream: true }))
    yield* items.splice(0)
  }
  parser.write(decoder?.decode() ?? '')
  parser.end()
  yield* items
}

/** Looks for what makes other XML readers unsafe or slow: document types, deep nesting, elements that never end. */
export async function checkXml(bytes: Uint8Array, part: string): Promise<void> {
  const ignore = (): void => undefined
  await collect(
    readXml(
      (async function* one() {
        yield bytes
      })(),
      part,
      () => ({ open: ignore, close: ignore }),
    ),
  )
}

/** All of them, in order. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

function createParser(part: string, handler: XmlHandler): { write(text: string): void; end(): void } {
  let depth = 0
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        depth += 1
        if (depth > MOST_DEPTH) throw new ParseFailure('BROKEN', `"${part}" nests deeper than ${MOST_DEPTH} elements`)
        handler.open(localName(name), withoutPrefixes(attributes))
      },
      onclosetag(name) {
        depth -= 1
        handler.close(localName(name))
      },
      ontext(text) {
        handler.text?.(text)
      },
      onprocessinginstruction(name) {
        if (name.startsWith('!')) {
          throw new ParseFailure('BROKEN', `"${part}" declares a document type, which Office files never do`)
        }
      },
    },
    { xmlMode: true },
  )
  return {
    write: text => parser.write(text),
    end() {
      if (depth > 0) throw new ParseFailure('BROKEN', `"${part}" ends within an element`)
      parser.end()
    },
  }
}

function encodingOf(chunk: Uint8Array): string {
  const [first, second] = chunk
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

/** `r:id` is kept as it is: it is another one than `id`. */
function withoutPrefixes(attributes: Record<string, string>): Readonly<Record<string, string>> {
  for (const name of Object.keys(attributes)) {
    const local = localName(name)
    const value = attributes[name]
    if (local !== name && local !== 'id' && value !== undefined) attributes[local] ??= value
  }
  return attributes
}
