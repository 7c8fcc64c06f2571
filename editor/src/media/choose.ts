import { toDataUrl } from '../voice/recorder.ts'

/** Longest side and quality, from fine to coarse. */
const SIZES = [
  [2048, 0.88],
  [1600, 0.85],
  [1280, 0.8],
  [1024, 0.75],
  [768, 0.7],
  [512, 0.65],
  [384, 0.5],
] as const

/** A file as a data URL of at most so many characters: a picture is made smaller where it must be. Rejects with words for people. */
export async function readMedia(file: File, kind: 'image' | 'audio', most: number): Promise<string> {
  if (!file.type.startsWith(`${kind}/`))
    throw new Error(
      `expected ${kind === 'image' ? 'a picture' : 'a sound'}, “${file.name}” is ${file.type || 'neither'}`,
    )
  if (file.size * 1.4 < most * 1.05) {
    const url = await toDataUrl(file)
    if (url.length <= most) return url
  }
  const smaller = kind === 'image' ? await shrink(file, most) : undefined
  if (smaller === undefined)
    throw new Error(`“${file.name}” has ${kilobytes(file.size)}, and at most ${kilobytes(most * 0.75)} fit here`)
  return smaller
}

async function shrink(file: File, most: number): Promise<string | undefined> {
  const picture = await createImageBitmap(file).catch(() => undefined)
  if (!picture) return undefined
  const { width, height } = picture
  const canvas = document.createElement('canvas')
  try {
    for (const [side, quality] of SIZES) {
      const scale = Math.min(1, side / Math.max(width, height))
      canvas.width = Math.max(1, Math.round(width * scale))
      canvas.height = Math.max(1, Math.round(height * scale))
      canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
      const url = canvas.toDataURL('image/jpeg', quality)
      if (url.length <= most) return url
    }
    return undefined
  } finally {
    picture.close()
  }
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} KB`
}
