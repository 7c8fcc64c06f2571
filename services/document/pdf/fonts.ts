import type { PDFPageProxy } from './pdf-library.ts'
import type { IsBold } from './page-text.ts'

/** So many times a page is looked at for its fonts, which costs as much as its text. */
const MOST_LOOKS = 100

/** Finds out which fonts are bold. pdf.js tells it only with a page's drawing instructions, so each font is looked up once. */
export function createFonts(): { look(page: PDFPageProxy, fonts: readonly string[]): Promise<IsBold> } {
  const bold = new Map<string, boolean>()
  let looks = 0
  return {
    async look(page, fonts) {
      const unknown = fonts.filter(font => !bold.has(font))
      if (unknown.length > 0 && looks < MOST_LOOKS) {
        looks += 1
        await page.getOperatorList().catch(() => undefined)
        for (const font of unknown) bold.set(font, isBoldFont(page, font))
      }
      return font => bold.get(font) ?? false
    },
  }
}

function isBoldFont(page: PDFPageProxy, name: string): boolean {
  if (!page.commonObjs.has(name)) return false
  const font: unknown = page.commonObjs.get(name)
  if (typeof font !== 'object' || font === null) return false
  if ('bold' in font && font.bold === true) return true
  if ('black' in font && font.black === true) return true
  return 'name' in font && typeof font.name === 'string' && /bold|black|heavy|semibold|demi/i.test(font.name)
}
