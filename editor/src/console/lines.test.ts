import { expect, test } from '@jest/globals'
import { shownOf } from './lines.ts'

const PNG = `data:image/png;base64,${'iVBORw0K'.repeat(100)}`
const line = (text: string, value?: object) =>
  ({ seq: 1, at: 1, node: 'log', level: 'info', text, ...(value ? { value } : {}) }) as const

test('a picture that was logged stands beside its words, not among them', () => {
  expect(shownOf(line(PNG))).toEqual({ words: '', value: PNG })
  expect(shownOf(line(`seen: ${PNG}`))).toEqual({ words: 'seen: ', value: PNG })
  expect(shownOf(line(`${PNG} seen`))).toEqual({ words: 'data:image/png,… (1 KB) seen', value: undefined })
  expect(shownOf(line('words'))).toEqual({ words: 'words', value: undefined })
})
