import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { keysOf, rc4 } from './pdf-password.suite.ts'
import type { PdfKeys } from './pdf-password.suite.ts'

/** Some text at a place of a page, in points from the lower left corner. */
export interface PdfText {
  readonly text: string
  readonly x: number
  readonly y: number
  readonly size?: number
  readonly font?: 'normal' | 'bold' | 'mono'
}

export interface PdfOptions {
  readonly title?: string
  readonly outline?: readonly { readonly title: string; readonly page: number; readonly level?: 1 | 2 }[]
  /** Needed to open the file. Empty: anybody opens it, and yet it is encrypted. */
  readonly password?: string
  readonly compress?: boolean
  readonly fields?: readonly PdfField[]
}

/** A field of a form on the first page. */
export interface PdfField {
  readonly name: string
  readonly label?: string
  readonly kind: 'text' | 'secret' | 'tick' | 'choice'
  /** Of a tick: `Yes` or `Off`. */
  readonly value: string
}

const FONTS = { normal: 'Helvetica', bold: 'Helvetica-Bold', mono: 'Courier' } as const
const TOP = 780
const LEFT = 72
const COLUMN = 150

/**
 * A PDF of lines of text from the top of each page. `# a` and `## a` are large and bold, `| a | b |` has its cells in columns, an
 * empty line leaves a gap; all else is set at 11 points. Characters are those of Windows-1252.
 */
export function pdfOf(pages: readonly (readonly string[])[], options: PdfOptions = {}): Uint8Array {
  return pdfOfTexts(pages.map(placed), options)
}

/** A PDF of texts at given places. */
export function pdfOfTexts(pages: readonly (readonly PdfText[])[], options: PdfOptions = {}): Uint8Array {
  return writePdf(
    pages.map(texts => ({ content: texts.map(drawn).join('\n') })),
    options,
  )
}

/** A PDF whose pages all share one line of text: a small file of any number of pages. */
export function pdfOfManyPages(count: number): Uint8Array {
  return writePdf(
    Array.from({ length: count }, () => ({ shared: true })),
    {},
    drawn({ text: 'One of many pages.', x: LEFT, y: TOP }),
  )
}

/** A PDF with a picture and no text, as scanners write them. */
export function pdfOfPicture(): Uint8Array {
  return writePdf([{ content: 'q 400 0 0 400 72 300 cm /Im1 Do Q' }], {})
}

/** A PDF whose text is in codes of a font that it does not contain, as programs in East Asia write them. `encoding`: a predefined CMap's name. */
export function pdfOfCodes(codes: Uint8Array, encoding: string, collection: string): Uint8Array {
  const add =
    (text: string): Part =>
    () =>
      text
  const described = `/FontDescriptor << /Type /FontDescriptor /FontName /Mincho /Flags 4 /FontBBox [0 0 1000 900] /ItalicAngle 0 /Ascent 860 /Descent -140 /StemV 80 /CapHeight 700 >>`
  const system = `/CIDSystemInfo << /Registry (Adobe) /Ordering (${collection}) /Supplement 2 >>`
  const parts = [
    add('<< /Type /Catalog /Pages 2 0 R >>'),
    add('<< /Type /Pages /Count 1 /Kids [3 0 R] >>'),
    add(
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /f 5 0 R >> >> /Contents 4 0 R >>',
    ),
    stream('', `BT /f 12 Tf 72 700 Td <${Buffer.from(codes).toString('hex')}> Tj ET`, false),
    add(`<< /Type /Font /Subtype /Type0 /BaseFont /Mincho /Encoding /${encoding} /DescendantFonts [6 0 R] >>`),
    add(`<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Mincho ${system} /DW 1000 ${described} >>`),
    add('<< >>'),
  ]
  return assembled(parts, { catalog: 1, title: parts.length, password: undefined })
}

/** The start of a PDF with nothing of use behind it. */
export function brokenPdf(): Uint8Array {
  return Buffer.from(
    '%PDF-1.7\n%âãÏÓ\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nand then the line went dead\n',
    'latin1',
  )
}

function placed(lines: readonly string[]): readonly PdfText[] {
  let y = TOP
  return lines.flatMap((line): readonly PdfText[] => {
    const heading = /^(#{1,2}) /.exec(line)
    const size = heading ? (heading[1] === '#' ? 20 : 15) : 11
    y -= heading ? size * 1.8 : 14
    if (line.startsWith('| ')) {
      const cells = line.slice(2, -2).split(' | ')
      return cells.map((text, column) => ({ text, x: LEFT + column * COLUMN, y, size }))
    }
    const text = heading ? line.slice(heading[0].length) : line
    return text === '' ? [] : [{ text, x: LEFT, y, size, font: heading ? 'bold' : 'normal' }]
  })
}

function drawn({ text, x, y, size = 11, font = 'normal' }: PdfText): string {
  return `BT /${font} ${size} Tf 1 0 0 1 ${x} ${y} Tm ${literal(text)} Tj ET`
}

function literal(text: string): string {
  const bytes = windows1252(text)
  return `<${Buffer.from(bytes).toString('hex')}>`
}

function windows1252(text: string): Uint8Array {
  const decoder = new TextDecoder('windows-1252')
  const all = decoder.decode(Uint8Array.from({ length: 256 }, (_, index) => index))
  return Uint8Array.from(text, char => {
    const code = all.indexOf(char)
    if (code === -1) throw new Error(`"${char}" is not in Windows-1252`)
    return code
  })
}

interface WrittenPage {
  readonly content?: string
  readonly shared?: boolean
}

type Part = (keys: PdfKeys | undefined, id: number) => string

function writePdf(pages: readonly WrittenPage[], options: PdfOptions, sharedContent = ''): Uint8Array {
  const parts: Part[] = []
  const add = (part: Part): number => parts.push(part)
  const catalog = add((_, id) => {
    const form = fields.length > 0 ? `/AcroForm << /Fields [${fields.join(' ')}] >>` : ''
    return `<< /Type /Catalog /Pages ${id + 1} 0 R /Outlines ${outline} 0 R ${form} >>`
  })
  add(() => `<< /Type /Pages /Count ${pages.length} /Kids [${kids.join(' ')}] >>`)
  const fonts = Object.entries(FONTS).map(([name, base]) => {
    const id = add(() => `<< /Type /Font /Subtype /Type1 /BaseFont /${base} /Encoding /WinAnsiEncoding >>`)
    return `/${name} ${id} 0 R`
  })
  const pixels = '/Width 2 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 8'
  const picture = add(stream(`/Type /XObject /Subtype /Image ${pixels}`, '\0\xff\xff\0', false))
  const resources = add(() => `<< /Font << ${fonts.join(' ')} >> /XObject << /Im1 ${picture} 0 R >> >>`)
  const shared = add(stream('', sharedContent, false))
  const fields = (options.fields ?? []).map(field => `${addField(add, field)} 0 R`)
  const kids = pages.map((page, index) => {
    const content = page.shared ? shared : add(stream('', page.content ?? '', options.compress ?? false))
    return `${addPage(add, content, resources, index === 0 ? fields : [])} 0 R`
  })
  const title = add((keys, id) => `<< /Title ${text(options.title ?? '', keys, id)} >>`)
  const outline = addOutline(add, options.outline ?? [], kids)
  return assembled(parts, { catalog, title, password: options.password })
}

type Add = (part: Part) => number

function addPage(add: Add, content: number, resources: number, annotations: readonly string[]): number {
  const parts = `/Resources ${resources} 0 R /Contents ${content} 0 R /Annots [${annotations.join(' ')}]`
  return add(() => `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] ${parts} >>`)
}

function addField(add: Add, { name, label, kind, value }: PdfField): number {
  return add((keys, id) => {
    const type = { text: '/Tx', secret: '/Tx /Ff 8192', tick: '/Btn', choice: '/Ch' }[kind]
    const given = kind === 'tick' ? `/${value} /AS /${value}` : text(value, keys, id)
    const states = kind === 'tick' ? '/AP << /N << /Yes null /Off null >> >>' : ''
    const about = label === undefined ? '' : `/TU ${text(label, keys, id)}`
    const place = '/Type /Annot /Subtype /Widget /Rect [100 700 300 720]'
    return `<< ${place} /FT ${type} /T ${text(name, keys, id)} /V ${given} ${states} ${about} >>`
  })
}

function addOutline(add: Add, items: PdfOptions['outline'] & {}, kids: readonly string[]): number {
  const root = add(() => `<< /Type /Outlines /First ${root + 1} 0 R /Last ${root + 1} 0 R /Count ${items.length} >>`)
  const tops = items.flatMap(({ level = 1 }, index) => (level === 1 ? [index] : []))
  items.forEach(({ title, page, level = 1 }, index) => {
    const at = (place: number | undefined, key: string): string =>
      place === undefined || place >= items.length ? '' : `/${key} ${root + 1 + place} 0 R`
    const nextTop = tops.find(top => top > index) ?? items.length
    const next = level === 1 ? nextTop : index + 1 < nextTop ? index + 1 : undefined
    const child = level === 1 && index + 1 < nextTop ? index + 1 : undefined
    const links = [at(next, 'Next'), at(child, 'First'), child === undefined ? '' : at(nextTop - 1, 'Last')]
    add((keys, id) => `<< /Title ${text(title, keys, id)} /Dest [${kids[page - 1]} /Fit] ${links.join(' ')} >>`)
  })
  return root
}

function stream(dictionary: string, content: string, compress: boolean): Part {
  const plain = Buffer.from(content, 'latin1')
  const packed = compress ? deflateSync(plain) : plain
  const filter = compress ? '/Filter /FlateDecode' : ''
  return (keys, id) => {
    const bytes = Buffer.from(keys ? sealed(keys, id, packed) : packed).toString('latin1')
    return `<< ${dictionary} ${filter} /Length ${bytes.length} >>\nstream\n${bytes}\nendstream`
  }
}

function text(value: string, keys: PdfKeys | undefined, id: number): string {
  const bytes = Buffer.from(`\ufeff${value}`, 'utf16le').swap16()
  return `<${Buffer.from(keys ? sealed(keys, id, bytes) : bytes).toString('hex')}>`
}

function sealed(keys: PdfKeys, id: number, bytes: Uint8Array): Uint8Array {
  const number = [id & 255, (id >> 8) & 255, (id >> 16) & 255, 0, 0]
  const key = createHash('md5').update(keys.key).update(Uint8Array.from(number)).digest()
  return rc4(key, bytes)
}

interface Ends {
  readonly catalog: number
  readonly title: number
  readonly password: string | undefined
}

function assembled(parts: readonly Part[], { catalog, title, password }: Ends): Uint8Array {
  const id = createHash('md5').update(String(parts.length)).digest()
  const keys = password === undefined ? undefined : keysOf(password, id)
  const pieces = ['%PDF-1.7\n%\xe2\xe3\xcf\xd3\n']
  const offsets: number[] = []
  let length = pieces[0]?.length ?? 0
  const write = (piece: string): void => {
    pieces.push(piece)
    length += piece.length
  }
  parts.forEach((part, index) => {
    offsets.push(length)
    write(`${index + 1} 0 obj\n${part(keys, index + 1)}\nendobj\n`)
  })
  const start = length
  const rows = offsets.map(offset => `${String(offset).padStart(10, '0')} 00000 n \n`)
  write(`xref\n0 ${parts.length + 1}\n0000000000 65535 f \n${rows.join('')}`)
  const hex = id.toString('hex')
  const encrypt = keys ? `/Encrypt ${keys.dictionary}` : ''
  const ends = `/Size ${parts.length + 1} /Root ${catalog} 0 R /Info ${title} 0 R /ID [<${hex}> <${hex}>] ${encrypt}`
  write(`trailer\n<< ${ends} >>\nstartxref\n${start}\n%%EOF\n`)
  return Buffer.from(pieces.join(''), 'latin1')
}
