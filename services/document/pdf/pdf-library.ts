import { fileURLToPath } from 'node:url'
import { ParseFailure } from '../parsing/parser.ts'

type Unpdf = typeof import('unpdf')
export type PDFDocumentProxy = Awaited<ReturnType<Unpdf['getDocumentProxy']>>
export type PDFPageProxy = Awaited<ReturnType<PDFDocumentProxy['getPage']>>

/** Which characters the codes of Chinese, Japanese and Korean fonts are, where a file does not say so itself. */
const CMAPS = fileURLToPath(new URL('../../../gen/cmaps/', import.meta.url))

/** Opens a PDF, also one that is encrypted but opens without a password. Throws {@link ParseFailure}: ENCRYPTED, BROKEN. */
export async function openPdf(bytes: Uint8Array): Promise<PDFDocumentProxy> {
  const { getDocumentProxy } = await import('unpdf')
  try {
    return await getDocumentProxy(bytes, {
      verbosity: 0,
      useSystemFonts: false,
      cMapUrl: CMAPS,
      cMapPacked: true,
      disableFontFace: true,
      // Pictures are never looked at: none is larger than this.
      maxImageSize: 1,
      isOffscreenCanvasSupported: false,
      isImageDecoderSupported: false,
      useWasm: false,
    })
  } catch (error) {
    if (error instanceof Error && error.name === 'PasswordException') {
      throw new ParseFailure('ENCRYPTED', 'the PDF is locked by a password: send it without one')
    }
    throw new ParseFailure('BROKEN', `the PDF cannot be read: ${reasonOf(error)}`)
  }
}

/** What a library says went wrong, for a person. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/\.$/, '').slice(0, 300)
}
