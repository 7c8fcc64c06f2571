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
const GAIN = 0.2
const BANDWIDTHS = [70, 100, 140] as const
const HISS_BANDWIDTH = 900

/** How many samples a sound takes: whole blocks, at least one. */
export function samplesOf({ ms }: Sound, speed: number): number {
  return Math.max(1, Math.round(((ms / speed) * SAMPLE_RATE) / 1000 / BLOCK)) * BLOCK
}

/** Makes the words of one text, one after the other. The same words always sound the same. */
export function createSpeech(speaker: Speaker, speed: number): (word: SpokenWord) => Int16Array<ArrayBuffer> {
  const mouth = new Mouth(speaker.throat)
  let time = 0
  return ({ sounds, ends, place }) => {
    const samples = new Int16Array(sounds.reduce((sum, one) => sum + samplesOf(one, speed), 0))
    let at = 0
    for (const sound of sounds)
      for (const end = at + samplesOf(sound, speed); at < end; at += BLOCK) {
        mouth.moveTowards(sound)
        const along = place + at / samples.length / 4
        mouth.sound(samples.subarray(at, at + BLOCK), speaker.pitch * melody(ends, along, time))
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

class Mouth {
  readonly #throat: number
  readonly #first = new Resonator()
  readonly #second = new Resonator()
  readonly #third = new Resonator()
  readonly #teeth = new Resonator()
  readonly #formants = [500, 1500, 2500]
  #voice = 0
  #breath = 0
  #hiss = 3000
  #phase = 0
  #noise = 20_261_121

  constructor(throat: number) {
    this.#throat = throat
  }

  /** Nothing in a mouth jumps: each block of 5 ms goes a part of the way. */
  moveTowards({ formants, voice, breath, hiss }: Sound): void {
    const resonators = [this.#first, this.#second, this.#third]
    for (const [index, hz] of formants.entries()) {
      const now = this.#formants[index] ?? hz
      this.#formants[index] = now + (hz * this.#throat - now) * 0.35
      resonators[index]?.tune(this.#formants[index], BANDWIDTHS[index] ?? 100)
    }
    this.#voice += (voice - this.#voice) * 0.45
    this.#breath += (breath - this.#breath) * 0.6
    this.#hiss += (hiss - this.#hiss) * 0.7
    this.#teeth.tune(Math.min(this.#hiss, 7000), HISS_BANDWIDTH)
  }

  sound(samples: Int16Array, pitch: number): void {
    const step = pitch / SAMPLE_RATE
    for (let at = 0; at < samples.length; at++) {
      this.#phase += step
      if (this.#phase >= 1) this.#phase -= 1
      const source = this.#voice * glottis(this.#phase) + this.#breath * 0.04 * this.#random()
      const voiced = this.#third.pass(this.#second.pass(this.#first.pass(source)))
      const hissed = this.#teeth.pass(this.#breath * this.#random())
      samples[at] = Math.round(Math.tanh(voiced * GAIN + hissed * 0.35) * 29_000)
    }
  }

  /** -1 to 1. Numerical Recipes' linear congruential generator. */
  #random(): number {
    this.#noise = (Math.imul(this.#noise, 1_664_525) + 1_013_904_223) >>> 0
    return this.#noise / 2_147_483_648 - 1
  }
}

/** Rosenberg's pulse (1971): opens slowly, closes fast; without its mean. */
function glottis(phase: number): number {
  if (phase < 0.4) return 0.5 * (1 - Math.cos((Math.PI * phase) / 0.4)) - 0.3
  return phase < 0.56 ? Math.cos((Math.PI / 2) * ((phase - 0.4) / 0.16)) - 0.3 : -0.3
}

class Resonator {
  #a = 1
  #b = 0
  #c = 0
  #one = 0
  #two = 0

  tune(hz: number, width: number): void {
    const radius = Math.exp((-Math.PI * width) / SAMPLE_RATE)
    this.#c = -radius * radius
    this.#b = 2 * radius * Math.cos((2 * Math.PI * hz) / SAMPLE_RATE)
    this.#a = 1 - this.#b - this.#c
  }

  pass(value: number): number {
    const next = this.#a * value + this.#b * this.#one + this.#c * this.#two
    this.#two = this.#one
    this.#one = next
    return next
  }
}
