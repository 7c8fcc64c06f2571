import { ParseFailure } from '../parsing/parser.ts'
import type { Block, ParserInput } from '../parsing/parser.ts'
import { openOffice, readRelations } from './package.ts'
import type { OfficePackage, Relation } from './package.ts'
import { readShapes } from './pptx-shapes.ts'
import type { Shape } from './pptx-shapes.ts'
import { oneLine, tableBlocks } from './table.ts'
import { collect, readXml } from './xml.ts'

/** A presentation as blocks: its slides in their order, each with its title first and its notes last. Throws {@link ParseFailure}. */
export async function* readPptx(input: ParserInput): AsyncGenerator<Block> {
  const file = await openOffice(input, 'pptx')
  try {
    const slides = await slideParts(file)
    if (slides.length === 0) throw new ParseFailure('EMPTY', 'the presentation has no slides')
    if (slides.length > input.limits.pages) {
      throw new ParseFailure(
        'TOO_MANY_PAGES',
        `the presentation has ${slides.length} slides, at most ${input.limits.pages} are read`,
      )
    }
    input.pages(slides.length)
    const left: Left = { pictures: 0, texts: 0 }
    for (const [index, slide] of slides.entries()) {
      yield { kind: 'page', page: index + 1 }
      yield* await slideBlocks(file, slide, left)
      input.progress((index + 1) / slides.length)
    }
    tell(left, input)
  } finally {
    await file.close()
  }
}

interface Left {
  pictures: number
  texts: number
}

function tell({ pictures, texts }: Left, input: ParserInput): void {
  if (texts === 0) {
    throw pictures > 0
      ? new ParseFailure(
          'NO_TEXT',
          'the slides have pictures and no text: text in pictures must be recognised (OCR) first',
        )
      : new ParseFailure('EMPTY', 'the slides have no text')
  }
  if (pictures > 0) input.notice(`pictures left out: ${pictures}`)
}

async function slideParts({ zip, main }: OfficePackage): Promise<readonly string[]> {
  const relations = await readRelations(zip, main)
  const ids = readXml<string>(zip.chunks(main), main, emit => ({
    open(name, attributes) {
      if (name === 'sldId') emit(attributes['r:id'] ?? '')
    },
    close: () => undefined,
  }))
  const targets = (await collect(ids)).map(id => relations.find(relation => relation.id === id)?.target ?? '')
  return targets.filter(target => zip.has(target))
}

async function slideBlocks({ zip }: OfficePackage, slide: string, left: Left): Promise<readonly Block[]> {
  const relations = await readRelations(zip, slide)
  const shapes = [...(await collect(readShapes(zip.chunks(slide), slide)))]
  for (const { target } of ofKind(relations, 'diagramData'))
    shapes.push(...(await collect(readShapes(zip.chunks(target), target))))
  const notes: Shape[] = []
  for (const { target } of ofKind(relations, 'notesSlide'))
    notes.push(...(await collect(readShapes(zip.chunks(target), target))))
  const titles = shapes.filter(shape => shape.kind === 'title')
  left.pictures += shapes.filter(({ kind }) => kind === 'picture').length
  const blocks = [
    ...titles.flatMap(titleBlocks),
    ...shapes.flatMap(shapeBlocks),
    ...notes.filter(({ kind }) => kind === 'body').flatMap(noteBlocks),
  ]
  left.texts += blocks.length
  return blocks
}

function ofKind(relations: readonly Relation[], kind: string): readonly Relation[] {
  return relations.filter(relation => relation.kind === kind)
}

function titleBlocks({ lines }: Shape): readonly Block[] {
  const text = oneLine(lines.map(line => line.text).join(' '))
  return text === '' ? [] : [{ kind: 'heading', level: 1, text }]
}

function shapeBlocks({ kind, lines, rows }: Shape): readonly Block[] {
  if (kind === 'table') return tableBlocks(rows)
  if (kind !== 'body' && kind !== 'text') return []
  if (lines.length === 0) return []
  if (kind === 'text' || lines.length === 1) return [{ kind: 'text', text: lines.map(({ text }) => text).join('\n') }]
  return [{ kind: 'list', text: lines.map(({ text, level }) => `${'  '.repeat(level)}- ${text}`).join('\n') }]
}

function noteBlocks({ lines }: Shape): readonly Block[] {
  const text = lines.map(line => line.text).join('\n')
  return text === '' ? [] : [{ kind: 'text', text: `Notes: ${text}` }]
}
