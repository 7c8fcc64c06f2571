/** Letters of one message, at most: more is no message of a model. */
const LONGEST = 32 * 1024 * 1024

/**
 * The messages of an event stream (`text/event-stream`): of each arrival those that it completes, in order, without those that have none. So what came
 * together can go on together. Takes `\n`, `\r\n` and `\r`, cut anywhere. What is not UTF-8 becomes U+FFFD; a message without its end is none. Closes the body when it is left.
 */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder()
  const lines = createLines()
  for await (const bytes of body) {
    const messages = lines.read(decoder.decode(bytes, { stream: true }))
    if (messages.length > 0) yield messages
  }
}

function createLines() {
  let begun = ''
  let endsInReturn = false
  let data: string[] = []
  /** A line, whole. */
  const take = (line: string, messages: string[]) => {
    if (line === '') {
      if (data.length > 0) messages.push(data.length === 1 ? (data[0] ?? '') : data.join('\n'))
      data = []
    } else if (line.startsWith('data:')) data.push(line.slice(line.charCodeAt(5) === SPACE ? 6 : 5))
    else if (line === 'data') data.push('')
  }
  return {
    read(arrived: string): string[] {
      const text = toNewlines(arrived)
      const messages: string[] = []
      let from = 0
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
        take(begun + text.slice(from, end), messages)
        begun = ''
        from = end + 1
      }
      begun += text.slice(from)
      if (begun.length > LONGEST) throw new Error(`it sent a line of more than ${LONGEST} letters`)
      return messages
    },
  }

  /** One kind of line end. Of `\r\n` the second half may come later. */
  function toNewlines(arrived: string): string {
    const text = endsInReturn && arrived.startsWith('\n') ? arrived.slice(1) : arrived
    if (arrived !== '') endsInReturn = arrived.endsWith('\r')
    return text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text
  }
}

const SPACE = 0x20
