import type { NodeType } from '#graph/define.ts'
import { isBlobRef } from '#graph/blob.ts'
import type { Json, Values } from '#graph/json.ts'
import type { Pin } from '#graph/run.ts'
import { outputsOf } from '../canvas/types.ts'
import { tabOf } from '../document/store.ts'
import { placeOf } from '../inside/place.ts'
import { say } from '../layout/toasts.tsx'
import { registry } from '../registry.ts'
import type { Activation } from '../run/activations.ts'
import { loadBlob } from '../run/blobs.ts'
import { positionOf, runOf } from '../run/store.ts'
import type { Session } from '../session/context.ts'
import { pathOn, setPin } from './kept.ts'

/** A session's frames are 64 KB, and all pins of a spell travel in one. */
const MOST_CHARACTERS = 40_000

/** Whether something can be set for a node to give. */
export function isPinnable(type: NodeType | undefined): boolean {
  return type !== undefined && type.kind !== 'source' && (type.role === undefined || type.role === 'sub-spell')
}

/** The activation of a node that a page shows: the last one at the slider's position, or the one that was chosen. */
export function shownActivation(page: string, id: string, index?: number): Activation | undefined {
  const run = runOf(page)
  const position = positionOf(run)
  const count = run.activations.count(id, position)
  return run.activations.at(id, Math.min(index ?? count - 1, count - 1), position)
}

/** Sets what a node gave in an activation as what it gives from now on. */
export async function pinOutputs(session: Session, page: string, id: string, index?: number): Promise<void> {
  const node = tabOf(page)?.document.nodes[id]
  const activation = shownActivation(page, id, index)
  if (!node || !activation || activation.endedAt === undefined || activation.state === 'failed')
    return say('It has given nothing yet that could be pinned.', 'warn')
  const { tab } = placeOf(page)
  const type = registry.get(node.type)
  const own = type?.role === 'sub-spell' ? outputsOf(registry, node, activation.outputs) : activation.outputs
  const outputs: Values = {}
  for (const [name, value] of Object.entries(own)) outputs[name] = await whole(session, tab, value)
  const pin: Pin = type?.kind === 'pure' ? { outputs } : { outputs, pulses: activation.pulses }
  const size = JSON.stringify(pin).length
  if (size > MOST_CHARACTERS)
    return say(
      `These outputs are too large to pin: ${size} characters of JSON, expected at most ${MOST_CHARACTERS}`,
      'warn',
    )
  setPin(tab, pathOn(page, id), pin)
}

function whole(session: Session, tab: string, value: Json): Json | Promise<Json> {
  return isBlobRef(value) ? loadBlob(session.rest, tab, value.$blob) : value
}
