import { open } from 'node:fs/promises'
import { ParseFailure } from '../parsing/parser.ts'
import type { DocumentType, ParserInput } from '../parsing/parser.ts'
import { collect, readXml } from './xml.ts'
import { openZip } from './zip.ts'
import type { Zip } from './zip.ts'

/** A link of one part of an Office file to another one. */
export interface Relation {
  readonly id: string
  /** The last word of its type, as `slide`. */
  readonly kind: string
  /** The name of the other part. */
  readonly target: string
}

/** An Office file that was opened: a zip archive of parts that are linked by relations. */
export interface OfficePackage {
  readonly zip: Zip
  /** The name of the part that everything else hangs on. */
  readonly main: string
  close(): Promise<void>
}

const NAMES = { docx: 'Word document', pptx: 'presentation', xlsx: 'workbook' } as const
const FOLDERS = { docx: 'word/', pptx: 'ppt/', xlsx: 'xl/' } as const
type OfficeType = keyof typeof NAMES

/** Opens an Office file that is expected to be of this type, and tells its title. Throws {@link ParseFailure}. */
export async function openOffice(input: ParserInput, type: OfficeType & DocumentType): Promise<OfficePackage> {
  await refuseOtherContainers(input.path)
  const zip = await openZip(input.path, input.limits)
  try {
    const main = await findMain(zip, type)
    const title = await readTitle(zip)
    if (title !== '') input.title(title)
    return { zip, main, close: () => zip.close() }
  } catch (error) {
    await zip.close()
    throw error
  }
}

/** The relations of a part, those to outside of the file left out. */
export async function readRelations(zip: Zip, part: string): Promise<readonly Relation[]> {
  const slash = part.lastIndexOf('/') + 1
  const name = `${part.slice(0, slash)}_rels/${part.slice(slash)}.rels`
  return collect(
    readXml<Relation>(zip.chunks(name), name, emit => ({
      open(element, { Id: id = '', Type: type = '', Target: target = '', TargetMode: mode }) {
        if (element !== 'Relationship' || mode === 'External') return
        emit({ id, kind: type.slice(type.lastIndexOf('/') + 1), target: resolved(part.slice(0, slash), target) })
      },
      close: () => undefined,
    })),
  )
}

function resolved(folder: string, target: string): string {
  const steps = target.startsWith('/') ? [] : folder.split('/').filter(step => step !== '')
  for (const step of target.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '' && step !== '.') steps.push(step)
  }
  return steps.join('/')
}

async function findMain(zip: Zip, type: OfficeType): Promise<string> {
  const relations = await readRelations(zip, '')
  const main = relations.find(({ kind }) => kind === 'officeDocument')?.target
  const usual = `${FOLDERS[type]}${type === 'docx' ? 'document' : type === 'pptx' ? 'presentation' : 'workbook'}.xml`
  const name = main !== undefined && zip.has(main) ? main : usual
  const folder = zip.has(name) ? name.slice(0, name.lastIndexOf('/') + 1).toLowerCase() : undefined
  if (folder === undefined) throw new ParseFailure('UNSUPPORTED', missing(zip, type))
  const other = (Object.keys(NAMES) as OfficeType[]).find(each => each !== type && FOLDERS[each] === folder)
  if (other) throw new ParseFailure('UNSUPPORTED', `the file is a ${NAMES[other]}, expected a ${NAMES[type]}`)
  if (!name.toLowerCase().endsWith('.xml')) {
    throw new ParseFailure('UNSUPPORTED', `the file keeps its text in "${name}", which is not XML: save it as .${type}`)
  }
  return name
}

function missing(zip: Zip, type: OfficeType): string {
  const isOffice = zip.has('[Content_Types].xml')
  if (!isOffice) return 'the file is a zip archive, and none of a Word document, a presentation or a workbook'
  return `the file has no "${FOLDERS[type]}…xml" as its main part, expected a ${NAMES[type]}`
}

async function readTitle(zip: Zip): Promise<string> {
  const relations = await readRelations(zip, '')
  const part = relations.find(({ kind }) => kind === 'core-properties')?.target ?? 'docProps/core.xml'
  let inTitle = false
  const pieces = readXml<string>(zip.chunks(part), part, emit => ({
    open(name) {
      inTitle = name === 'title'
    },
    close() {
      inTitle = false
    },
    text(text) {
      if (inTitle) emit(text)
    },
  }))
  const title = (await collect(pieces)).join('')
  return title.replaceAll(/\s+/g, ' ').trim()
}

const OLE = 'd0cf11e0a1b11ae1'

/** Office files with a password, and those of Office 97, are OLE containers. */
async function refuseOtherContainers(path: string): Promise<void> {
  const file = await open(path)
  try {
    const header = Buffer.alloc(512)
    await file.read(header, 0, header.length, 0)
    if (header.toString('latin1', 0, 2) === 'PK') return
    if (header.toString('hex', 0, 8) !== OLE)
      throw new ParseFailure('BROKEN', 'the file is not a zip archive, as Office files are')
    const sectorBytes = header.readUInt16LE(30) === 12 ? 4096 : 512
    const directory = Buffer.alloc(4096)
    await file.read(directory, 0, directory.length, (header.readUInt32LE(48) + 1) * sectorBytes)
    if (directory.includes(Buffer.from('EncryptedPackage', 'utf16le'))) {
      throw new ParseFailure('ENCRYPTED', 'the file is locked by a password: send it without one')
    }
  } finally {
    await file.close()
  }
  throw new ParseFailure('UNSUPPORTED', 'the file is of Office 97 or older: save it as .docx, .pptx or .xlsx')
}
