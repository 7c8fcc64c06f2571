import { readDocx } from '../office/docx.ts'
import type { Parser } from '../parsing/parser.ts'

const parser: Parser = { type: 'docx', parse: readDocx }

export default parser
