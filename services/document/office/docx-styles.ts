import type { OfficePackage } from './package.ts'
import { collect, readXml } from './xml.ts'

/** What mammoth does not know by itself. */
const OWN = [
  "p[style-name='Title'] => h1:fresh",
  "p[style-name='HTML Preformatted'] => pre:separator('\\n')",
  "p[style-name='Plain Text'] => p:fresh",
]
const MOST_STYLES = 500

interface Style {
  readonly id: string
  base: string
  /** From 1; 0: it says nothing of its own. */
  level: number
}

/** Rules for mammoth: paragraph styles that are headings by their outline level or by the style they are based on. */
export async function docxStyleMap({ zip, main }: OfficePackage): Promise<string[]> {
  const part = `${main.slice(0, main.lastIndexOf('/') + 1)}styles.xml`
  const styles = new Map((await collect(readStyles(zip.chunks(part), part))).map(style => [style.id, style]))
  const rules: string[] = []
  for (const { id } of styles.values()) {
    const level = levelOf(id, styles)
    if (level >= 1 && level <= 6 && /^[\p{L}\p{N}_-]+$/u.test(id)) rules.push(`p.${id} => h${level}:fresh`)
    if (rules.length === MOST_STYLES) break
  }
  return [...OWN, ...rules]
}

function readStyles(chunks: AsyncIterable<Uint8Array>, part: string): AsyncGenerator<Style> {
  return readXml<Style>(chunks, part, emit => {
    let style: Style | undefined
    return {
      open(name, { val = '', ...attributes }) {
        if (name === 'style') {
          const { type, styleId } = attributes
          style = type === 'paragraph' && styleId !== undefined ? { id: styleId, base: '', level: 0 } : undefined
        }
        if (!style) return
        if (name === 'basedOn') style.base = val
        if (name === 'outlineLvl') style.level = Number(val) + 1
        if (name === 'name' && style.level === 0) style.level = Number(/^heading ([1-6])$/i.exec(val)?.[1] ?? 0)
      },
      close(name) {
        if (name !== 'style' || !style) return
        emit(style)
        style = undefined
      },
    }
  })
}

function levelOf(id: string, styles: ReadonlyMap<string, Style>): number {
  let style = styles.get(id)
  for (let steps = 0; style && style.level === 0 && steps < 20; steps++) style = styles.get(style.base)
  return style?.level ?? 0
}
