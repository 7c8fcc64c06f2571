import { readPptx } from '../office/pptx.ts'
import type { Parser } from '../parsing/parser.ts'

const parser: Parser = { type: 'pptx', parse: readPptx }

export default parser
