import type { PDFDocumentProxy, PDFPageProxy } from './pdf-library.ts'

/** What was filled in: `label | value`, in the order of the fields. */
export interface Form {
  linesOn(page: PDFPageProxy): Promise<readonly string[]>
}

const NOTHING: Form = { linesOn: () => Promise.resolve([]) }

/** The form of a PDF, if it is one: what people filled in is not among a page's texts. */
export async function findForm(pdf: PDFDocumentProxy): Promise<Form> {
  const fields = await pdf.getFieldObjects().catch(() => null)
  if (!fields) return NOTHING
  const pages = new Set(
    Object.values(fields).flatMap(some => (some as readonly { page?: number }[]).map(one => one.page)),
  )
  return {
    async linesOn(page) {
      if (!pages.has(page.pageNumber - 1)) return []
      const widgets = (await page.getAnnotations()) as readonly Widget[]
      return widgets.flatMap(widget => {
        const value = valueOf(widget)
        return value === '' ? [] : [`${labelOf(widget)} | ${value}`]
      })
    },
  }
}

/** As pdf.js tells of them; what it tells depends on the file. */
interface Widget {
  readonly subtype?: unknown
  readonly hidden?: unknown
  readonly password?: unknown
  readonly fieldType?: unknown
  readonly fieldName?: unknown
  readonly fieldValue?: unknown
  readonly alternativeText?: unknown
  readonly checkBox?: unknown
  readonly radioButton?: unknown
  readonly exportValue?: unknown
  readonly buttonValue?: unknown
  readonly options?: readonly { readonly exportValue?: unknown; readonly displayValue?: unknown }[]
}

const LONGEST = 200

/** What people are shown of it, else the last part of its name: `form[0].page[0].surname[0]`. */
function labelOf({ alternativeText, fieldName }: Widget): string {
  const name = textOf(fieldName)
    .replaceAll(/\[\d+\]/g, '')
    .replace(/.*\.(?=.)/, '')
  return (textOf(alternativeText) || name || 'field').slice(0, LONGEST)
}

function valueOf(widget: Widget): string {
  const { subtype, hidden, password, fieldType, fieldValue } = widget
  if (subtype !== 'Widget' || hidden === true || password === true) return ''
  if (fieldType === 'Tx') return textOf(fieldValue)
  if (fieldType === 'Ch') return chosen(widget).map(textOf).filter(Boolean).join(', ')
  return fieldType === 'Btn' ? ticked(widget) : ''
}

function chosen({ fieldValue, options = [] }: Widget): readonly unknown[] {
  const values: readonly unknown[] = Array.isArray(fieldValue) ? fieldValue : [fieldValue]
  return values.map(value => options.find(option => option.exportValue === value)?.displayValue ?? value)
}

function ticked({ checkBox, radioButton, fieldValue, exportValue, buttonValue }: Widget): string {
  const value = textOf(fieldValue)
  if (value === '' || value === 'Off') return ''
  if (checkBox === true) return exportValue === undefined || exportValue === fieldValue ? 'yes' : ''
  return radioButton === true && buttonValue === fieldValue ? value : ''
}

/** On one line, as a cell. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll(/\s*[\r\n|]+\s*/g, ' ').trim() : ''
}
