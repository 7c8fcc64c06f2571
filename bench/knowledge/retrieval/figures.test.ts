import { describe, expect, test } from '@jest/globals'
import { figuresOf, meanOf } from './figures.ts'
import { THEMES } from './set.ts'

describe('figures', () => {
  test('the best order is 1 in all of them', () => {
    expect(
      figuresOf(
        ['a', 'b', 'x'],
        new Map([
          ['a', 2],
          ['b', 1],
        ]),
      ),
    ).toEqual({ ndcg: 1, recall: 1, mrr: 1 })
  })

  test('what comes late counts less, what comes after ten not at all', () => {
    // 3 / log2(3) of 3, one of two, second.
    const late = figuresOf(['x', 'a'], new Map([['a', 2]]))
    expect(late).toEqual({ ndcg: expect.closeTo(0.6309297, 6), recall: 1, mrr: 0.5 })
    const none = figuresOf([...Array(10).keys()].map(String).concat('a'), new Map([['a', 2]]))
    expect(none).toEqual({ ndcg: 0, recall: 0, mrr: 0 })
    // Helps alone: 1 of 3 + 1 / log2(3).
    const helps = figuresOf(
      ['b'],
      new Map([
        ['a', 2],
        ['b', 1],
      ]),
    )
    expect(helps).toEqual({ ndcg: expect.closeTo(1 / 3.6309297, 6), recall: 0.5, mrr: 0 })
    expect(meanOf([late, none])).toEqual({ ndcg: expect.closeTo(0.3154649, 6), recall: 0.5, mrr: 0.25 })
  })
})

describe('the set', () => {
  const passages = Object.values(THEMES).flatMap(theme => Object.entries(theme.passages))
  const questions = Object.values(THEMES).flatMap(theme => theme.questions)

  test('has at least 60 passages and 200 questions, each once', () => {
    expect(passages.length).toBeGreaterThanOrEqual(60)
    expect(questions.length).toBeGreaterThanOrEqual(200)
    expect(new Set(passages.map(([id]) => id)).size).toBe(passages.length)
    expect(new Set(questions.map(([, text]) => text)).size).toBe(questions.length)
  })

  test('asks only for passages that are there, each at most once, one of them answering', () => {
    const known = new Set(passages.map(([id]) => id))
    const problems = questions.flatMap(([, text, ...given]) => {
      const ids = given.map(one => one.replace(/:1$/, ''))
      const isGood =
        ids.every(id => known.has(id)) && new Set(ids).size === ids.length && given.some(id => !id.endsWith(':1'))
      return isGood ? [] : [text]
    })
    expect(problems).toEqual([])
  })
})
