import { collect, readXml } from './xml.ts'
import type { Zip } from './zip.ts'

/** How a cell's number is shown, by the cell's style. */
export type ShowNumber = (style: number, value: number) => string

type Shown = 'number' | 'percent' | 'date' | 'time' | 'both' | 'duration'

const DAY_MS = 86_400_000
/** Serial days of 31 December 9999. */
const LAST_DAY = 2_958_466

export async function readNumberFormats(zip: Zip, part: string, date1904: boolean): Promise<ShowNumber> {
  const codes = new Map<number, string>()
  let inCells = false
  const ids = await collect(
    readXml<number>(zip.chunks(part), part, emit => ({
      open(name, { numFmtId, formatCode = '' }) {
        if (name === 'cellXfs') inCells = true
        if (name === 'numFmt') codes.set(Number(numFmtId), formatCode)
        if (name === 'xf' && inCells) emit(Number(numFmtId ?? 0))
      },
      close(name) {
        if (name === 'cellXfs') inCells = false
      },
    })),
  )
  const styles = ids.map(id => shownAs(id, codes.get(id)))
  return (style, value) => shown(value, styles[style] ?? 'number', date1904)
}

/** What a format shows: those of a program's own by number (ECMA-376 18.8.30), others by the letters of their code. */
function shownAs(id: number, code: string | undefined): Shown {
  if (code === undefined) {
    if (id === 9 || id === 10) return 'percent'
    if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || (id >= 50 && id <= 58) || id === 36) return 'date'
    if (id === 22) return 'both'
    if (id === 46) return 'duration'
    return (id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id === 45 || id === 47 ? 'time' : 'number'
  }
  const [first = ''] = code.toLowerCase().split(';')
  if (/\[(h+|m+|s+)\]/.test(first)) return 'duration'
  const letters = first.replaceAll(/"[^"]*"|\\.|\[[^\]]*\]|_.|general|am\/pm|a\/p/g, '')
  const hasTime = /[hs]/.test(letters)
  const hasDate = /[yd]/.test(letters) || (/m/.test(letters) && !hasTime)
  if (hasDate) return hasTime ? 'both' : 'date'
  if (hasTime) return 'time'
  return letters.includes('%') ? 'percent' : 'number'
}

function shown(value: number, as: Shown, date1904: boolean): string {
  if (as === 'number' || value < 0 || value > LAST_DAY) return plain(value)
  if (as === 'percent') return `${plain(value * 100)}%`
  const seconds = Math.round(value * 86_400)
  if (as === 'duration') return `${Math.floor(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`
  const moment = new Date(startMs(value, date1904) + seconds * 1000).toISOString()
  const time = seconds % 60 === 0 ? moment.slice(11, 16) : moment.slice(11, 19)
  if (as === 'time') return time
  return as === 'date' || seconds % 86_400 === 0 ? moment.slice(0, 10) : `${moment.slice(0, 10)} ${time}`
}

/** Day 0. The calendar from 1900 has a 29 February 1900 (day 60), which never was. */
function startMs(value: number, date1904: boolean): number {
  if (date1904) return Date.UTC(1904, 0, 1)
  return Date.UTC(1899, 11, 30) + (value < 60 ? DAY_MS : 0)
}

/** Fifteen digits, as a workbook calculates. */
function plain(value: number): string {
  return String(Number(value.toPrecision(15)))
}

function two(value: number): string {
  return String(Math.floor(value)).padStart(2, '0')
}
