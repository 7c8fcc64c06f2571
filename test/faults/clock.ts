// Loaded before a program (`node --import`): SIGUSR2 sets its clock forward, and at the next time back again, as somebody does who corrects it.
const STEP_MS = Number(process.env['FAULTS_CLOCK_MS'] ?? 45_000)
let offset = 0
process.on('SIGUSR2', () => {
  offset = offset === 0 ? STEP_MS : 0
})
const real = Date.now.bind(Date)
class Shifted extends Date {
  constructor(...given: readonly unknown[]) {
    super(...((given.length === 0 ? [real() + offset] : given) as [number]))
  }
  static override now(): number {
    return real() + offset
  }
}
globalThis.Date = Shifted as DateConstructor
