// Reads what a measurement needs out of frames without parsing them.

/** Where the method of a notification begins: `{"jsonrpc":"2.0","method":"run.…`. */
const METHOD = '{"jsonrpc":"2.0","method":"run.'.length
const RUN = '{"jsonrpc":"2.0","method":"run.entry","params":{"run":"'.length
const ID = 24
const ATTEMPT = '","attempt":'.length
const SEQ = ',"seq":'.length
/** How many digits a stamp has. */
export const STAMP = 16

const codeOf = (letter: string) => letter.charCodeAt(0)
const [M, E, C, R, ZERO, NINE] = [codeOf('m'), codeOf('e'), codeOf('c'), codeOf('r'), codeOf('0'), codeOf('9')]

/** What a frame of the session protocol is. */
export type Kind = 'answer' | 'entry' | 'chunk' | 'resync' | 'other'

export function kindOf(bytes: Buffer, from: number): Kind {
  if (bytes[from + 18] !== M) return 'answer'
  const first = bytes[from + METHOD]
  if (first === E) return 'entry'
  if (first === C) return 'chunk'
  return first === R ? 'resync' : 'other'
}

/** The number of the entry of a `run.entry`. */
export function seqOf(bytes: Buffer, from: number): number {
  let at = from + RUN + ID + ATTEMPT
  while (isDigit(bytes[at])) at++
  return digits(bytes, at + SEQ)
}

/** The attempt of a `run.entry`. */
export function attemptOf(bytes: Buffer, from: number): number {
  return digits(bytes, from + RUN + ID + ATTEMPT)
}

/** The run of a `run.entry`. */
export function runOf(bytes: Buffer, from: number): string {
  return bytes.toString('latin1', from + RUN, from + RUN + ID)
}

/** Tells of each stamp in the digits that a frame ends with: they number events. */
export function eachStamp(bytes: Buffer, from: number, to: number, tell: (stamp: number) => void): void {
  let end = to
  while (end > from && !isDigit(bytes[end - 1])) end--
  let start = end
  while (start > from && isDigit(bytes[start - 1])) start--
  for (let at = start; at + STAMP <= end; at += STAMP) tell(digits(bytes, at, at + STAMP))
}

/** An event's number as a text. */
export function stampOf(event: number): string {
  return String(event).padStart(STAMP, '0')
}

function digits(bytes: Buffer, from: number, to = bytes.length): number {
  let value = 0
  for (let at = from; at < to && isDigit(bytes[at]); at++) value = value * 10 + ((bytes[at] ?? ZERO) - ZERO)
  return value
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= ZERO && code <= NINE
}
