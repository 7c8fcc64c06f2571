/** Whoever makes a sound: another one ends it. */
let current: (() => void) | undefined

/** Takes the loudspeaker; `stop` is called when somebody else takes it. */
export function takeSpeaker(stop: () => void): void {
  if (current !== stop) current?.()
  current = stop
}

/** Makes everything quiet. */
export function silence(): void {
  current?.()
  current = undefined
}
