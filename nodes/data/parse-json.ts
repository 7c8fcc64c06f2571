import { defineNode, NodeFailure } from '#graph/define.ts'
import type { Json } from '#graph/json.ts'

export default defineNode({
  title: 'Parse JSON',
  about: 'Turns a JSON text into a value. A fence of Markdown around it, as models like to write, is taken off.',
  icon: 'file-json',
  kind: 'pure',
  inputs: { text: { type: 'string', required: true } },
  outputs: { value: { type: 'any' } },
  run({ text }) {
    const bare = /^\s*```[a-z]*\s*\n([\s\S]*?)\n?\s*```\s*$/i.exec(text)?.[1] ?? text
    try {
      return { outputs: { value: JSON.parse(bare) as Json } }
    } catch (error) {
      throw new NodeFailure(
        'NOT_JSON',
        `"${bare.slice(0, 80)}" is not JSON: ${error instanceof Error ? error.message : String(error)}`,
        { retry: false },
      )
    }
  },
})
