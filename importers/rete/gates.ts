import { isTrigger } from './code.ts'
import type { Maker, Making, Piece } from './piece.ts'
import { numberOf, ownSockets, passage } from './piece.ts'

/** Any value opens it that JavaScript takes for true. */
export function booleanGate({ id, usedInputs }: Making): Piece {
  const test = `${id}-test`
  const config = { code: 'return { result: Boolean(inputs.value) }', inputs: ['value'], outputs: ['result'] }
  return {
    nodes: { [id]: { type: 'flow/branch' }, [test]: { type: 'code/javascript', title: 'Is it true?', config } },
    wires: [
      [`${test}.out`, `${id}.in`],
      [`${test}.result`, `${id}.condition`],
    ],
    inputs: {
      ...Object.fromEntries(['boolean', 'input', ...usedInputs].map(name => [name, `${test}.value`])),
      trigger: `${test}.in`,
    },
    outputs: { true: `${id}.yes`, false: `${id}.no` },
    flow: { in: `${test}.in`, out: `${id}.yes` },
    outcome: 'mapped',
  }
}

export function isNull({ id, usedInputs }: Making): Piece {
  const test = `${id}-test`
  return {
    nodes: { [id]: { type: 'flow/branch' }, [test]: { type: 'logic/compare', config: { operator: 'is null' } } },
    wires: [[`${test}.result`, `${id}.condition`]],
    inputs: {
      trigger: `${id}.in`,
      ...Object.fromEntries(
        ['string', 'input', ...usedInputs].filter(name => !isTrigger(name)).map(name => [name, `${test}.a`]),
      ),
    },
    outputs: { true: `${id}.yes`, false: `${id}.no`, isTrue: `${id}.yes`, isFalse: `${id}.no` },
    flow: { in: `${id}.in`, out: `${id}.yes` },
    outcome: 'mapped',
  }
}

export function switchGate({ id, node, usedInputs, usedOutputs }: Making): Piece {
  const own = ownSockets(node.data, 'outputs')
  const cases = [...new Set([...own.map(one => one.name), ...usedOutputs])].filter(
    name => !['default', 'trigger', 'error'].includes(name),
  )
  return {
    // Without a value it goes along `default`.
    nodes: { [id]: { type: 'flow/switch', config: { cases }, values: { value: '' } } },
    inputs: {
      trigger: `${id}.in`,
      ...Object.fromEntries(
        ['input', 'string', ...usedInputs].filter(name => !isTrigger(name)).map(name => [name, `${id}.value`]),
      ),
    },
    outputs: {
      default: `${id}.default`,
      ...Object.fromEntries(cases.map(name => [name, `${id}.${name}`])),
      ...Object.fromEntries(own.map(one => [one.key, `${id}.${one.name}`])),
    },
    flow: { in: `${id}.in`, out: `${id}.default` },
    outcome: 'mapped',
  }
}

/** Goes along one of its outputs, by chance. The choice is an output of a node, so that a replay goes the same way. */
export function randomGate({ id, node, usedOutputs }: Making): Piece {
  const own = ownSockets(node.data, 'outputs')
  const cases = [...new Set([...own.map(one => one.name), ...usedOutputs])].filter(name => name !== 'default')
  const choice = `${id}-choice`
  const code = `const cases = ${JSON.stringify(cases)}\nreturn { chosen: cases[Math.floor(Math.random() * cases.length)] ?? '' }`
  return {
    nodes: {
      [id]: { type: 'flow/switch', config: { cases } },
      [choice]: { type: 'code/javascript', title: 'By chance', config: { code, inputs: [], outputs: ['chosen'] } },
    },
    wires: [
      [`${choice}.out`, `${id}.in`],
      [`${choice}.chosen`, `${id}.value`],
    ],
    inputs: { trigger: `${choice}.in` },
    outputs: {
      default: `${id}.default`,
      ...Object.fromEntries(cases.map(name => [name, `${id}.${name}`])),
      ...Object.fromEntries(own.map(one => [one.key, `${id}.${one.name}`])),
    },
    flow: { in: `${choice}.in`, out: `${id}.default` },
    outcome: 'mapped',
  }
}

export function forEach({ id, usedInputs }: Making): Piece {
  return {
    nodes: { [id]: { type: 'flow/for-each' } },
    inputs: {
      act1: `${id}.in`,
      trigger: `${id}.in`,
      list: `${id}.list`,
      input: `${id}.list`,
      ...Object.fromEntries(usedInputs.filter(name => /list|array/i.test(name)).map(name => [name, `${id}.list`])),
    },
    outputs: {
      act1: `${id}.each`,
      loop: `${id}.each`,
      each: `${id}.each`,
      trigger: `${id}.each`,
      element: `${id}.item`,
      output: `${id}.item`,
      done: `${id}.done`,
      act2: `${id}.done`,
    },
    flow: { in: `${id}.in`, out: `${id}.done` },
    outcome: 'mapped',
  }
}

export function waitForAll({ id, usedInputs }: Making): Piece {
  return {
    nodes: { [id]: { type: 'flow/join', config: { mode: 'all' } } },
    inputs: Object.fromEntries(['trigger', ...usedInputs].map(name => [name, `${id}.in`])),
    outputs: { trigger: `${id}.out` },
    outcome: 'mapped',
  }
}

export function delay({ id, node: { data } }: Making): Piece {
  const ms = Math.min(86_400_000, Math.max(0, Math.round(numberOf(data, 'interval') ?? numberOf(data, 'ms') ?? 1000)))
  return {
    nodes: { [id]: { type: 'flow/delay', config: { ms } } },
    inputs: { trigger: `${id}.in` },
    outputs: { trigger: `${id}.out` },
    flow: { in: `${id}.in`, out: `${id}.out` },
    outcome: 'mapped',
  }
}

export function logic(operator: 'and' | 'or' | 'not'): Maker {
  return ({ id, usedInputs, usedOutputs }) => {
    const ins = usedInputs.filter(name => !isTrigger(name)).slice(0, 26)
    const letters = ins.map((name, index) => [
      name,
      operator === 'not' ? `${id}.value` : `${id}.${String.fromCharCode(97 + index)}`,
    ])
    return {
      nodes: {
        [id]: {
          type: `logic/${operator}`,
          ...(operator === 'not' ? {} : { config: { count: Math.max(1, ins.length) } }),
        },
        [`${id}-flow`]: passage(),
      },
      inputs: { ...Object.fromEntries(letters), trigger: `${id}-flow.in` },
      outputs: {
        ...Object.fromEntries(usedOutputs.filter(name => !isTrigger(name)).map(name => [name, `${id}.result`])),
        trigger: `${id}-flow.out`,
      },
      outcome: 'mapped',
    }
  }
}
