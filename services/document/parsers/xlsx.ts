import { readXlsx } from '../office/xlsx.ts'
import type { Parser } from '../parsing/parser.ts'

const parser: Parser = { type: 'xlsx', parse: readXlsx }

export default parser
