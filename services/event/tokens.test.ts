import { expect, test } from '@jest/globals'
import { countTokens as countWhole } from 'gpt-tokenizer/encoding/cl100k_base'
import { countTokens } from './tokens.ts'

test.each([
  ['prose', `The harbour was quiet, wasn't it?  12345 boats — of "every" kind.\n\n\tAnd so on; `.repeat(120)],
  ['code', 'const x = (a, b) => {\n    return a+b // sum\n}\n'.repeat(200)],
  ['many languages', 'Añejo über naïve 漢字 かな עברית 🙂🙂 <|endoftext|> '.repeat(150)],
])('%s, counted in pieces, has the tokens of the whole', async (_, text) => {
  const whole = countWhole(text, { disallowedSpecial: new Set() })
  expect(await countTokens([text, 'hello world'])).toEqual([whole, 2])
})

test('what has no spaces is counted nearly, in bounded time', async () => {
  expect(await countTokens(['a'.repeat(100_000), '', '漢'.repeat(1_200)])).toEqual([12_500, 0, 2_400])
})
