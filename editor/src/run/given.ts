import type { SpellDocument } from '#graph/document.ts'
import type { Json } from '#graph/json.ts'
import type { RunView } from '#graph/view.ts'

/** Puts what the run was given onto its input nodes: the journal has it once, with the start, and no entry of theirs. */
export function showGiven(view: RunView, document: SpellDocument | undefined): RunView {
  if (view.status === 'idle' || !document) return view
  for (const [id, name, otherwise] of inputsOf(document)) {
    const value = Object.hasOwn(view.inputs, name) ? view.inputs[name] : otherwise
    if (value === undefined || Object.hasOwn(view.nodes, id)) continue
    const at = view.startedAt
    view.nodes[id] = {
      state: 'done',
      activations: 1,
      running: 0,
      outputs: { value },
      pulses: [],
      text: '',
      startedAt: at,
      endedAt: at,
    }
  }
  return view
}

type Input = readonly [id: string, name: string, otherwise: Json | undefined]
const known = new WeakMap<SpellDocument, readonly Input[]>()

function inputsOf(document: SpellDocument): readonly Input[] {
  const found =
    known.get(document) ??
    Object.entries(document.nodes).flatMap(([id, { type, config }]): Input[] =>
      type === 'flow/input' ? [[id, (config?.['name'] as string | undefined) || id, config?.['default']]] : [],
    )
  known.set(document, found)
  return found
}
