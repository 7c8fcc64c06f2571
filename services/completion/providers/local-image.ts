// Pictures without a model: a landscape drawn from the prompt's words and a seed, the same every time. It says that it is a demo.
import type { ProviderImage, ProviderImageRequest, ProviderModel } from '../provider.ts'

export const SKETCH_MODEL: ProviderModel = {
  name: 'sketch',
  kind: 'image',
  about:
    'Built in, offline, always the same: draws a landscape from the words of the prompt. A demo: it understands few of them.',
  inputPrice: 0,
  outputPrice: 0,
}

const USUAL_SIZE = '1024x1024'

/** Draws an SVG. The size must be well-formed. */
export function sketch({ prompt, size = USUAL_SIZE, seed = 0 }: ProviderImageRequest): ProviderImage {
  const [width = 1024, height = 1024] = size.split('x').map(Number)
  const words = prompt.split(/\s+/).filter(Boolean).length
  return {
    mediaType: 'image/svg+xml',
    bytes: new TextEncoder().encode(draw(prompt, width, height, seed)),
    usage: { inputTokens: words, outputTokens: 0 },
  }
}

/** What words ask for. */
const MOTIFS = {
  night: /\b(night|dark|moon|star|stars|space|galaxy|midnight|dream)/i,
  sea: /\b(sea|ocean|beach|wave|waves|water|lake|river|boat|ship|fish|island|harbou?r)/i,
  trees: /\b(forest|tree|trees|wood|woods|jungle|garden|park|fox|bear|deer|bird)/i,
  city: /\b(city|town|street|house|houses|building|skyline|castle|village|robot|car|office)/i,
  warm: /\b(sunset|sunrise|dawn|dusk|fire|autumn|fall|desert|warm|red|orange|golden)/i,
  cold: /\b(snow|ice|winter|cold|frost|arctic|blue)/i,
}
type Motif = keyof typeof MOTIFS

function draw(prompt: string, width: number, height: number, seed: number): string {
  const random = createRandom(hashOf(prompt) ^ Math.imul(seed, 0x9e3779b1))
  const has = (motif: Motif) => MOTIFS[motif].test(prompt)
  const hue = hueOf({ night: has('night'), warm: has('warm'), cold: has('cold') }, random)
  const scene: Scene = { width, height, hue, isNight: has('night'), random }
  const ground = has('sea') ? waves(scene) : hills(scene, has('cold'))
  const things = [...(has('city') ? [houses(scene)] : []), ...(has('trees') ? [trees(scene)] : [])]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escape(prompt.slice(0, 200))}</title>`,
    sky(scene),
    light(scene, has('warm')),
    ground,
    ...things,
    label(scene),
    '</svg>',
  ].join('')
}

/** Of the sky. */
const USUAL_HUES = [200, 190, 265, 325, 30]
function hueOf({ night, warm, cold }: { night: boolean; warm: boolean; cold: boolean }, random: () => number): number {
  const base = warm ? 18 : night ? 228 : cold ? 205 : (USUAL_HUES[Math.floor(random() * USUAL_HUES.length)] ?? 200)
  return base + (random() - 0.5) * 20
}

interface Scene {
  readonly width: number
  readonly height: number
  readonly hue: number
  readonly isNight: boolean
  readonly random: () => number
}

function sky({ width, height, hue, isNight, random }: Scene): string {
  const [top, bottom] = isNight
    ? [hsl(hue + 20, 45, 8), hsl(hue, 50, 28)]
    : [hsl(hue - 15, 62, 62), hsl(hue + 22, 85, 86)]
  const stars = isNight
    ? Array.from({ length: 60 }, () => {
        const [x, y, r] = [random() * width, random() * height * 0.6, (0.4 + random()) * unitOf(width, height)]
        return `<circle cx="${round(x)}" cy="${round(y)}" r="${round(r)}" fill="#fff" opacity="${round(0.4 + random() * 0.6)}"/>`
      })
    : []
  return [
    `<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/></linearGradient></defs>`,
    '<rect width="100%" height="100%" fill="url(#sky)"/>',
    ...stars,
  ].join('')
}

/** The sun, or the moon. */
function light({ width, height, isNight, random }: Scene, isLow: boolean): string {
  const [x, y] = [width * (0.2 + random() * 0.6), height * (isLow ? 0.5 : 0.18 + random() * 0.2)]
  const radius = unitOf(width, height) * (45 + random() * 35)
  const colour = isNight ? hsl(50, 30, 90) : hsl(46, 98, 78)
  const ring = (times: number, opacity: number) =>
    `<circle cx="${round(x)}" cy="${round(y)}" r="${round(radius * times)}" fill="${colour}" opacity="${opacity}"/>`
  return ring(2.6, 0.12) + ring(1.7, 0.2) + ring(1, 0.95)
}

/** Five ridges, the nearer the darker. */
function hills(scene: Scene, isWhite: boolean): string {
  return Array.from({ length: 5 }, (_, index) => {
    const near = index / 4
    const lightness = scene.isNight ? 24 - near * 17 : isWhite ? 92 - near * 22 : 68 - near * 46
    const base = scene.height * (0.52 + index * 0.1)
    return ridge(
      scene,
      base,
      scene.height * (0.14 - near * 0.06),
      hsl(scene.hue - 30 * near, isWhite ? 25 : 40, lightness),
    )
  }).join('')
}

/** Lines of water, with the light on them. */
function waves(scene: Scene): string {
  const lines = Array.from({ length: 7 }, (_, index) => {
    const near = index / 6
    const base = scene.height * (0.56 + index * 0.065)
    return ridge(
      scene,
      base,
      scene.height * (0.006 + near * 0.022),
      hsl(205 + scene.hue / 12, 60, (scene.isNight ? 32 : 66) - near * 22),
    )
  })
  return lines.join('')
}

/** What lies below a line of three waves. */
function ridge({ width, height, random }: Scene, base: number, rise: number, colour: string): string {
  const parts = [1, 2.3, 5.1].map((frequency, index) => ({
    frequency,
    strength: 1 / (index + 1),
    phase: random() * Math.PI * 2,
  }))
  const steps = 48
  const points = Array.from({ length: steps + 1 }, (_, step) => {
    const at = step / steps
    const wave = parts.reduce(
      (sum, { frequency, strength, phase }) => sum + Math.sin(at * Math.PI * 2 * frequency + phase) * strength,
      0,
    )
    return `${round(at * width)},${round(base - (wave * rise) / 1.8)}`
  })
  return `<path d="M0,${height} L${points.join(' ')} L${width},${height} Z" fill="${colour}"/>`
}

function trees({ width, height, hue, isNight, random }: Scene): string {
  return Array.from({ length: 14 }, () => {
    const [x, y] = [random() * width, height * (0.82 + random() * 0.14)]
    const tall = unitOf(width, height) * (60 + random() * 90)
    const colour = hsl(130 + hue / 15, 35, (isNight ? 8 : 18) + random() * 8)
    return [0, 0.28, 0.52]
      .map((up, index) => {
        const [half, foot] = [tall * (0.3 - index * 0.07), y - tall * up]
        return `<path d="M${round(x - half)},${round(foot)} L${round(x + half)},${round(foot)} L${round(x)},${round(foot - tall * 0.48)} Z" fill="${colour}"/>`
      })
      .join('')
  }).join('')
}

function houses({ width, height, hue, isNight, random }: Scene): string {
  const count = 12
  return Array.from({ length: count }, (_, index) => {
    const wide = (width / count) * (0.7 + random() * 0.25)
    const tall = height * (0.12 + random() * 0.26)
    const [x, y] = [(index / count) * width + random() * 6, height * 0.92 - tall]
    const panes = Array.from({ length: 8 }, (_pane, pane) => {
      const [left, top] = [x + wide * (pane % 2 ? 0.58 : 0.2), y + tall * (0.1 + Math.floor(pane / 2) * 0.2)]
      const colour = random() > (isNight ? 0.35 : 0.7) ? hsl(48, 95, 75) : hsl(hue, 25, isNight ? 12 : 35)
      return `<rect x="${round(left)}" y="${round(top)}" width="${round(wide * 0.22)}" height="${round(tall * 0.1)}" fill="${colour}"/>`
    })
    const wall = `<rect x="${round(x)}" y="${round(y)}" width="${round(wide)}" height="${round(height - y)}" fill="${hsl(hue + random() * 30, 22, (isNight ? 14 : 28) + random() * 10)}"/>`
    return wall + panes.join('')
  }).join('')
}

function label({ width, height }: Scene): string {
  const size = Math.max(8, 22 * unitOf(width, height))
  return `<text x="${round(width - size * 0.8)}" y="${round(height - size * 0.8)}" text-anchor="end" font-family="sans-serif" font-size="${round(size)}" fill="#fff" opacity="0.75">demo</text>`
}

const unitOf = (width: number, height: number): number => Math.min(width, height) / 1024
const round = (value: number): number => Math.round(value * 10) / 10
const hsl = (hue: number, saturation: number, lightness: number): string =>
  `hsl(${Math.round((hue + 360) % 360)},${Math.round(saturation)}%,${Math.round(lightness)}%)`

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
/** Text of XML, without the characters that XML cannot hold. */
function escape(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const plain = text.toWellFormed().replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '')
  return plain.replace(/[&<>]/g, sign => ENTITIES[sign] ?? sign)
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}

/** Mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
