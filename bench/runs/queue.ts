/** What is pushed comes out, in order; it never ends. */
export function createQueue<T>(): AsyncIterable<T> & { push(value: T): void } {
  const values: T[] = []
  let wake = () => {}
  return {
    push(value) {
      values.push(value)
      wake()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const value = values.shift()
        if (value !== undefined) yield value
        else await new Promise<void>(resolve => (wake = resolve))
      }
    },
  }
}
