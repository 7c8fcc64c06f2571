import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Json } from '#graph/json.ts'
import { parseTemplate } from './handlebars.ts'

function fill(text: string, values: Readonly<Record<string, Json>> = {}): string {
  const template = parseTemplate(text)
  if ('problem' in template) throw new Error(template.problem)
  return template.render(values)
}
function variablesOf(text: string): readonly string[] {
  const template = parseTemplate(text)
  if ('problem' in template) throw new Error(template.problem)
  return template.variables
}

describe('what a template says', () => {
  test.each<readonly [template: string, values: Readonly<Record<string, Json>>, text: string]>([
    ['{{a}} {{{a}}} {{&a}}', { a: '<b>&"' }, '<b>&" <b>&" <b>&"'],
    ['{{a.b.[0].c}}', { a: { b: [{ c: 'deep' }] } }, 'deep'],
    ['{{[odd name]}}', { 'odd name': 1 }, '1'],
    ['{{list.length}} {{list.[1]}}', { list: ['x', 'y'] }, '2 y'],
    ['{{#if a}}yes{{else}}no{{/if}}', { a: 0 }, 'yes'],
    ['{{#if a}}yes{{else}}no{{/if}}', { a: '' }, 'no'],
    ['{{#if a}}yes{{else}}no{{/if}}', { a: [] }, 'no'],
    ['{{#if a}}yes{{else}}no{{/if}}', { a: {} }, 'yes'],
    ['{{#if a}}1{{else if b}}2{{else}}3{{/if}}', { a: null, b: true }, '2'],
    ['{{#unless a}}no{{/unless}}', { a: false }, 'no'],
    ['{{#each a}}{{@index}}{{this}}{{#unless @last}},{{/unless}}{{/each}}', { a: ['x', '', 0] }, '0x,1,20'],
    ['{{#each a}}{{@key}}={{this}} {{/each}}', { a: { x: 1, y: null } }, 'x=1 y= '],
    ['{{#each a}}x{{else}}none{{/each}}', { a: [] }, 'none'],
    ['{{#each a as |one at|}}{{at}}:{{one.n}} {{/each}}', { a: [{ n: 1 }, { n: 2 }] }, '0:1 1:2 '],
    ['{{#each a}}{{this.n}}{{../b}}{{@root.b}}{{/each}}', { a: [{ n: 1 }], b: '!' }, '1!!'],
    ['{{#with a}}{{b}}{{/with}}', { a: { b: 2 } }, '2'],
    ['{{#a}}{{b}}{{/a}}{{^a}}none{{/a}}', { a: [{ b: 1 }, { b: 2 }] }, '12'],
    ['{{^a}}none{{/a}}', { a: false }, 'none'],
    ['{{! a comment }}{{!-- {{b}} --}}x', {}, 'x'],
    ['a\n  {{~#if b~}}\n  c\n  {{~/if~}}\nd', { b: true }, 'acd'],
    ['\\{{a}}', { a: 1 }, '{{a}}'],
    ['{{upper a}} {{lower a}} [{{trim b}}] {{length a}}', { a: 'Ab', b: ' x ' }, 'AB ab [x] 2'],
    ['{{join a "-"}} {{join a}} {{json a}}', { a: [1, null, 'x'] }, '1--x 1, , x [1,null,"x"]'],
    ['{{lookup a b}} {{lookup a "none"}}', { a: { x: 5 }, b: 'x' }, '5 '],
    ['{{#if (eq a "x")}}same{{/if}}{{#if (and a (not b))}}!{{/if}}', { a: 'x', b: '' }, 'same!'],
    ['{{or a b}}', { a: '', b: 'second' }, 'second'],
  ])('%j with %j is %j', (template, values, text) => {
    expect(fill(template, values)).toBe(text)
  })

  test('reads from outside what is not its own', () => {
    expect(variablesOf('{{a}}{{#each b as |c|}}{{c}}{{d}}{{../e}}{{@root.f}}{{@index}}{{/each}}{{a.x}}')).toEqual([
      'a',
      'b',
      'e',
      'f',
    ])
    expect(variablesOf('{{#if a}}{{b}}{{else}}{{c}}{{/if}}{{upper d}}{{lookup e f}}')).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
      'f',
    ])
  })

  test.each([
    ['{{', 'parse error on line 1'],
    ['{{#if a}}', 'parse error on line 1'],
    ['{{#if a}}{{/each}}', "if doesn't match each"],
    ['{{shout a}}', 'unknown: "shout"'],
    ['{{#repeat 3}}{{/repeat}}', 'unknown: "repeat"'],
    ['nothing \u0000', 'lexical error on line 1'],
    ['{{> other}}', 'unknown: ">"'],
    ['{{#> other}}{{/other}}', 'unknown: ">"'],
  ])('%j has a problem: %s', (text, problem) => {
    expect(parseTemplate(text)).toEqual({ problem: expect.stringContaining(problem) as unknown })
  })
})

describe('what it cannot reach', () => {
  test.each([
    '{{constructor}}',
    '{{constructor.name}}',
    '{{__proto__}}',
    '{{__proto__.x}}',
    '{{__defineGetter__}}',
    '{{toString}}',
    '{{a.constructor.constructor}}',
    '{{lookup a "constructor"}}',
    '{{lookup a "__proto__"}}',
    '{{#with a}}{{constructor.name}}{{/with}}',
    '{{#each list}}{{constructor}}{{/each}}',
    '{{list.map}}{{list.constructor}}{{text.length}}{{text.constructor}}',
    '{{@root.constructor}}{{@constructor}}{{@root.__proto__}}',
    '{{this.constructor}}{{valueOf}}',
  ])('%s is empty', text => {
    expect(fill(text, { a: { b: 1 }, list: [{ x: 1 }], text: 'abc' })).toBe('')
  })

  test('helpers are those that are listed, not what objects inherit', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      expect(parseTemplate(`{{${name} a}}`)).toEqual({
        problem: expect.stringContaining(`unknown: "${name}"`) as unknown,
      })
  })
})

describe('for any text', () => {
  test('without braces and backslashes it renders as itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), given => {
        const text = given.replace(/[{}\\]/g, '').replaceAll('\u0000', '')
        expect(fill(text)).toBe(text)
        expect(variablesOf(text)).toEqual([])
      }),
    )
  })

  const pieces = fc.constantFrom(
    ...[
      '{{',
      '}}',
      '{{{',
      '}}}',
      '#',
      '/',
      'if',
      'each',
      'with',
      'a',
      'b.c',
      '../',
      '@index',
      '@root',
      'else',
      '^',
      '~',
    ],
    ...['(', ')', '|', 'as', ' ', '"', "'", '!', '>', '&', '=', '.', '[', ']', 'lookup', 'json', '0', '\n', '\\', '*'],
    ...['{{#each a}}', '{{/each}}', '{{#if a}}', '{{/if}}', '{{a}}', '{{this}}', '{{else}}', '{{constructor}}', 'text'],
  )
  test('it is a template or has a problem; values are data, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 14 }), fc.jsonValue({ maxDepth: 2 }), (parts, value) => {
        const template = parseTemplate(parts.join(''))
        const answer =
          'problem' in template ? template.problem : `>${template.render({ a: value as Json, b: '{{a}}' })}`
        expect(answer).not.toBe('')
        expect(answer).not.toContain('[native code]')
      }),
      { numRuns: 1000 },
    )
  })

  test('a value appears as it is: it is not a template itself', () => {
    fc.assert(
      fc.property(fc.string(), value => {
        expect(fill('<{{a}}>', { a: value })).toBe(`<${value}>`)
      }),
    )
  })

  test('a list is gone through in order', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), list => {
        expect(fill('{{#each list}}{{@index}}:{{this}};{{/each}}', { list })).toBe(
          list.map((one, index) => `${index}:${one};`).join(''),
        )
      }),
    )
  })
})

describe('measure', () => {
  test.each([
    ['blocks', `${'{{#if a}}'.repeat(20_000)}${'{{/if}}'.repeat(20_000)}`],
    ['loops that are never closed', '{{~ #each a}}'.repeat(20_000)],
    ['else ifs', `{{#if a}}${'{{else if a}}'.repeat(20_000)}{{/if}}`],
    ['brackets', `{{not ${'(not '.repeat(20_000)}a${')'.repeat(20_000)}}}`],
    ['brackets behind a text', `{{and "}}" ${'(not '.repeat(20_000)}a${')'.repeat(20_000)}}}`],
    ['brackets behind texts', `{{and '}}{{a}}' ${'(not "{{" '.repeat(20_000)}a${')'.repeat(20_000)}}}`],
  ])('%s without end are a problem, and told at once', (_, text) => {
    expect(parseTemplate(text)).toEqual({ problem: 'more than 1000 blocks or brackets' })
  })

  test('blocks within blocks are a problem, not the end of the stack', () => {
    expect(parseTemplate('{{#if a}}'.repeat(900) + '{{/if}}'.repeat(900))).toEqual({
      problem: 'blocks and brackets within each other are too many',
    })
    expect(fill(`${'{{#if a}}'.repeat(200)}x${'{{/if}}'.repeat(200)}`, { a: true })).toBe('x')
  })

  test('brackets in the text count for nothing', () => {
    expect(fill('(see {{a}}) '.repeat(5000), { a: 'it' })).toBe('(see it) '.repeat(5000))
  })

  test('loops within loops end', () => {
    const list = Array.from({ length: 100 }, () => '')
    const nested = '{{#each @root.list}}'.repeat(6) + '{{/each}}'.repeat(6)
    expect(() => fill(nested, { list })).toThrow('the template takes more than 1000000 steps')
    const text = 'x'.repeat(10_000)
    expect(() => fill('{{#each list}}{{#each ../list}}{{@root.text}}{{/each}}{{/each}}', { list, text })).toThrow(
      'the text grew beyond 2000000 characters',
    )
    expect(() =>
      fill(`${'{{#each @root.list}}'.repeat(2)}{{#if (eq @root.text @root.text)}}{{/if}}{{/each}}{{/each}}`, {
        list,
        text: text.repeat(100),
      }),
    ).toThrow('the template takes more than 1000000 steps')
  })
})
