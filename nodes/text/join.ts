import { defineNode } from '#graph/define.ts'
import { createText, toText } from '../language/text.ts'

export default defineNode({
  title: 'Join text',
  about: 'Puts the items of a list together to one text.',
  icon: 'combine',
  kind: 'pure',
  config: { type: 'object', properties: { separator: { type: 'string', title: 'Between them', default: ' ' } } },
  inputs: { list: { type: 'array', required: true, about: 'Texts; other values are written as JSON' } },
  outputs: { text: { type: 'string' } },
  run({ list }, { config }) {
    const joined = createText()
    list.forEach((one, index) => {
      if (index > 0) joined.add(config.separator)
      joined.add(toText(one))
    })
    return { outputs: { text: joined.text() } }
  },
})
