import type { Parser } from '../parsing/parser.ts'
import { readPdf } from '../pdf/read-pdf.ts'

const parser: Parser = { type: 'pdf', parse: readPdf }

export default parser
