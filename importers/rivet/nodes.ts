import { userCode } from './code.ts'
import {
  array,
  delay,
  filter,
  getGlobal,
  httpCall,
  object,
  passthrough,
  pop,
  randomNumber,
  setGlobal,
  shuffle,
  slice,
} from './data.ts'
import { comment, context, graphInput, graphOutput, subGraph, userInput } from './ends.ts'
import {
  destructure,
  extractJson,
  extractMarkdownCodeBlocks,
  extractObjectPath,
  extractRegex,
  toJson,
} from './extract.ts'
import { boolean, coalesce, compare, evaluate, ifElse, ifNode, match, number, raceInputs } from './logic.ts'
import { assembleMessage, assemblePrompt, chat, trimChatMessages } from './model.ts'
import type { Making, Piece } from './piece.ts'
import { chunk, join, prompt, split, text } from './text.ts'

/** Node types of Rivet. A maker answers undefined where this node does what nothing here can. */
export const NODES: Readonly<Record<string, (making: Making) => Piece | undefined>> = {
  text,
  prompt,
  chat,
  assemblePrompt,
  assembleMessage,
  trimChatMessages,
  graphInput,
  graphOutput,
  context,
  userInput,
  subGraph,
  comment,
  if: ifNode,
  ifElse,
  match,
  coalesce,
  raceInputs,
  compare,
  evaluate,
  number,
  boolean,
  join,
  split,
  chunk,
  extractRegex,
  extractJson,
  extractMarkdownCodeBlocks,
  extractObjectPath,
  destructure,
  toJson,
  object,
  array,
  pop,
  slice,
  filter,
  setGlobal,
  getGlobal,
  randomNumber,
  shuffle,
  httpCall,
  passthrough,
  delay,
  code: userCode,
}

/** Kept with all its data, shown, and never run. */
export function missing({ id, node, usedInputs, usedOutputs }: Making): Piece {
  const ports = (names: readonly string[]) =>
    Object.fromEntries(names.filter(name => name !== '__proto__').map(name => [name, { end: `${id}.${name}` }]))
  return {
    nodes: { [id]: { type: `missing/${node.type.slice(0, 100)}`, title: node.title.slice(0, 200), config: node.data } },
    inputs: ports(usedInputs),
    outputs: ports(usedOutputs),
    outcome: 'missing',
    note: `there is nothing here that does what this "${node.type}" does: the node is kept with its data, and the spell cannot run until it is replaced`,
  }
}
