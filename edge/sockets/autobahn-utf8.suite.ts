/** What Autobahn's groups 6.5 to 6.23 send as one text message, in hexadecimal: Markus Kuhn's UTF-8 stress test. */
export const UTF8_GROUPS: readonly { readonly group: string; readonly valid: string; readonly invalid: string }[] = [
  {
    group: '6.5',
    valid:
      '68656c6c6f24776f726c64 68656c6c6fc2a2776f726c64 68656c6c6fe282ac776f726c64 68656c6c6ff0a4ada2776f726c64 cebae1bdb9cf83cebcceb5',
    invalid: '',
  },
  {
    group: '6.6',
    valid: 'ceba cebae1bdb9 cebae1bdb9cf83 cebae1bdb9cf83cebc cebae1bdb9cf83cebcceb5',
    invalid: 'ce cebae1 cebae1bd cebae1bdb9cf cebae1bdb9cf83ce cebae1bdb9cf83cebcce',
  },
  { group: '6.7', valid: '00 c280 e0a080 f0908080', invalid: '' },
  { group: '6.8', valid: '', invalid: 'f888808080 fc8480808080' },
  { group: '6.9', valid: '7f dfbf efbfbf f48fbfbf', invalid: '' },
  { group: '6.10', valid: '', invalid: 'f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf' },
  { group: '6.11', valid: 'ed9fbf ee8080 efbfbd f48fbfbf', invalid: 'f4908080' },
  { group: '6.12', valid: '', invalid: `80 bf 80bf 80bf80 80bf80bf 80bf80bf80 80bf80bf80bf ${range(0x80, 0xbf, '')}` },
  {
    group: '6.13',
    valid: '',
    invalid: [
      [0xc0, 0xdf],
      [0xe0, 0xef],
      [0xf0, 0xf7],
      [0xf8, 0xfb],
      [0xfc, 0xfd],
    ]
      .map(([from = 0, to = 0]) => range(from, to, '20'))
      .join(' '),
  },
  { group: '6.14', valid: '', invalid: cutSequences().join(' ') },
  { group: '6.15', valid: '', invalid: cutSequences().join('') },
  { group: '6.16', valid: '', invalid: 'fe ff fefeffff' },
  { group: '6.17', valid: '', invalid: 'c0af e080af f08080af f8808080af fc80808080af' },
  { group: '6.18', valid: '', invalid: 'c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf' },
  { group: '6.19', valid: '', invalid: 'c080 e08080 f0808080 f880808080 fc8080808080' },
  { group: '6.20', valid: '', invalid: 'eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf' },
  {
    group: '6.21',
    valid: '',
    invalid: 'eda080edb080 eda080edbfbf edadbfedb080 edadbfedbfbf edae80edb080 edae80edbfbf edafbfedb080 edafbfedbfbf',
  },
  { group: '6.22', valid: `efbfbe efbfbf ${nonCharacters().join(' ')}`, invalid: '' },
  { group: '6.23', valid: 'efbfb9 efbfba efbfbb efbfbc efbfbd efbfbe efbfbf', invalid: '' },
]

/** Each byte from the first up to, not including, the last, with something behind it. */
function range(from: number, to: number, behind: string): string {
  return Array.from({ length: to - from }, (_, index) => (from + index).toString(16) + behind).join('')
}

/** Sequences whose last continuation byte is missing. */
function cutSequences(): readonly string[] {
  return 'c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf'.split(' ')
}

/** The last two code points of each plane but the first. */
function nonCharacters(): readonly string[] {
  return Array.from({ length: 16 }, (_, plane) =>
    [0xfffe, 0xffff].map(last => Buffer.from(String.fromCodePoint((plane + 1) * 0x10000 + last)).toString('hex')),
  ).flat()
}
