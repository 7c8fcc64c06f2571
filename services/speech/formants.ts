// A small formant synthesiser, after D. H. Klatt, "Software for a cascade/parallel formant synthesizer", JASA 67 (1980): a voice through three resonators, and breath.
import type { Sound, SpokenWord } from './letters.ts'

export const SAMPLE_RATE = 16_000

export interface Speaker {
  /** In Hz. */
  readonly pitch: number
  /** How much shorter the throat is: 1 for a man's. */
  readonly throat: number
}

const BLOCK = 80
const GAIN = 0.32

/** How many samples a sound takes: whole blocks, at least one. */
export function samplesOf({ ms }: Sound, speed: number): number {
  return Math.max(1, Math.round(((ms / speed) * SAMPLE_RATE) / 1000 / BLOCK)) * BLOCK
}

/** Makes the words of one text, one after the other. The same words always sound the same. */
export function createSpeech({ pitch, throat }: Speaker, speed: number): (word: SpokenWord) => Int16Array<ArrayBuffer> {
  const resonators = [resonator(), resonator(), resonator()] as const
  const hiss = resonator()
  const bandwidths = [70, 100, 140] as const
  const random = createRandom()
  const now = { formants: [500, 1500, 2500], voice: 0, breath: 0, hiss: 3000 }
  let phase = 0
  let time = 0
  return ({ sounds, ends, place }) => {
    const total = sounds.reduce((sum, one) => sum + samplesOf(one, speed), 0)
    const samples = new Int16Array(total)
    let at = 0
    for (const sound of sounds)
      for (let left = samplesOf(sound, speed); left > 0; left -= BLOCK) {
        // Nothing in a mouth jumps: each block of 5 ms goes a part of the way.
        const towards = (from: number, to: number, part: number) => from + (to - from) * part
        now.formants = now.formants.map((one, index) => towards(one, (sound.formants[index] ?? one) * throat, 0.35))
        now.voice = towards(now.voice, sound.voice, 0.45)
        now.breath = towards(now.breath, sound.breath, 0.6)
        now.hiss = towards(now.hiss, sound.hiss, 0.7)
        for (const [index, one] of resonators.entries()) one.tune(now.formants[index] ?? 500, bandwidths[index] ?? 100)
        hiss.tune(Math.min(now.hiss, 7000), 900)
        const step = (pitch * melody(ends, place + at / total / 4, time)) / SAMPLE_RATE
        for (let end = at + BLOCK; at < end; at++) {
          phase = (phase + step) % 1
          const source = now.voice * glottis(phase) + now.breath * 0.04 * random()
          const voiced = resonators.reduce((value, one) => one.pass(value), source)
          const sum = voiced * GAIN + hiss.pass(now.breath * random()) * 0.5
          samples[at] = Math.round(Math.tanh(sum) * 29_000)
        }
        time += BLOCK / SAMPLE_RATE
      }
    return samples
  }
}

/** Falls through a sentence; rises at the end of a question; a slow tremor. */
function melody(ends: string, place: number, seconds: number): number {
  const rise = ends === '?' ? Math.max(0, place - 0.7) * 1.3 : 0
  const force = ends === '!' ? 0.1 * (1 - place) : 0
  return 1.12 - 0.24 * place + rise + force + 0.012 * Math.sin(2 * Math.PI * 4.7 * seconds)
}

/** Rosenberg's pulse (1971): opens slowly, closes fast; without its mean. */
function glottis(phase: number): number {
  if (phase < 0.4) return 0.5 * (1 - Math.cos((Math.PI * phase) / 0.4)) - 0.3
  return phase < 0.56 ? Math.cos((Math.PI / 2) * ((phase - 0.4) / 0.16)) - 0.3 : -0.3
}

function resonator() {
  let [a, b, c, one, two] = [1, 0, 0, 0, 0]
  return {
    tune(hz: number, width: number) {
      const radius = Math.exp((-Math.PI * width) / SAMPLE_RATE)
      c = -radius * radius
      b = 2 * radius * Math.cos((2 * Math.PI * hz) / SAMPLE_RATE)
      a = 1 - b - c
    },
    pass(value: number): number {
      const next = a * value + b * one + c * two
      two = one
      one = next
      return next
    },
  }
}

/** -1 to 1. Numerical Recipes' linear congruential generator. */
function createRandom(): () => number {
  let state = 20_261_121
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2_147_483_648 - 1
  }
}
