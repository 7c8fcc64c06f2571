import type { DataType } from './define.ts'
import type { Json } from './json.ts'
import { isObject } from './json.ts'

/** How a value gets from one type to another: as it is, converted, or checked when it arrives. */
export type Fit = 'same' | 'converted' | 'checked'

// Explicit and short: a conversion that can surprise (text to boolean) is a node, not a rule.
const CONVERSIONS: Readonly<Record<string, readonly string[]>> = {
  number: ['string'],
  boolean: ['string', 'number'],
  string: ['number'],
  object: ['string'],
  array: ['string'],
  message: ['object', 'string'],
  event: ['object'],
  document: ['object'],
  embedding: ['array'],
}

/** Whether a wire from one data type to another is allowed, and what it does to the value; undefined: refused. */
export function fitOf(from: DataType, to: DataType): Fit | undefined {
  if (from === to || to === 'any') return 'same'
  if (from === 'any') return 'checked'
  const [source, target] = [outer(from), outer(to)]
  if (source === target)
    return from === 'array' || elementOf(from) === 'any' ? 'checked' : to === 'array' ? 'same' : elementFit(from, to)
  return CONVERSIONS[source]?.includes(target) ? 'converted' : undefined
}

function elementFit(from: DataType, to: DataType): Fit | undefined {
  const fit = fitOf(elementOf(from), elementOf(to))
  return fit === 'converted' ? undefined : fit
}

function outer(type: DataType): string {
  return type.startsWith('array<') ? 'array' : type
}

function elementOf(type: DataType): DataType {
  return (type.startsWith('array<') ? type.slice(6, -1) : 'any') as DataType
}

/** Whether a value is of a type, without conversion. Media, documents, messages and events travel as objects or references (strings). */
export function isOfType(value: Json, type: DataType): boolean {
  switch (type) {
    case 'any':
      return true
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type
    case 'object':
      return isObject(value)
    case 'array':
      return Array.isArray(value)
    case 'embedding':
      return Array.isArray(value) && value.every(one => typeof one === 'number')
    case 'image':
    case 'audio':
    case 'file':
    case 'document':
    case 'message':
    case 'event':
      return isObject(value) || typeof value === 'string'
    default:
      return Array.isArray(value) && value.every(one => isOfType(one, elementOf(type)))
  }
}

/** Brings a value to a type: as it is where it fits, converted where the table says so; undefined where it cannot be. */
export function toType(value: Json, type: DataType): Json | undefined {
  if (isOfType(value, type)) return value
  switch (type) {
    case 'string':
      return typeof value === 'object' && value !== null ? JSON.stringify(value) : value === null ? '' : String(value)
    case 'number': {
      if (typeof value === 'boolean') return value ? 1 : 0
      if (typeof value !== 'string' || value.trim() === '') return undefined
      const number = Number(value)
      return Number.isFinite(number) ? number : undefined
    }
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : undefined
    default:
      return undefined
  }
}
