import { Pin as PinIcon, PinOff } from 'lucide-react'
import type { ReactNode } from 'react'
import { useId, useState } from 'react'
import type { Pin } from '#graph/run.ts'
import { socketsFor } from '../canvas/types.ts'
import { useTab } from '../document/store.ts'
import { placeOf } from '../inside/place.ts'
import { registry } from '../registry.ts'
import { useSession } from '../session/context.ts'
import { toOutputs } from '../steering/answer.ts'
import { pathOn, removePins, setPin, useKept } from '../steering/kept.ts'
import { isPinnable, pinOutputs } from '../steering/pins.ts'

interface OfNode {
  readonly page: string
  readonly id: string
}

/** What a node is to give in place of running: taken from the activation that is shown, then changed as JSON. */
export function PinRow({
  page,
  id,
  index,
  canPin,
}: OfNode & { readonly index: number; readonly canPin: boolean }): ReactNode {
  const session = useSession()
  const { tab } = placeOf(page)
  const path = pathOn(page, id)
  const isRecording = useTab(tab, one => one.fixed === 'recording') ?? true
  const type = registry.get(useTab(page, one => one.document.nodes[id]?.type) ?? '')
  const pin = useKept(tab, ({ pins }) => (Object.hasOwn(pins, path) ? pins[path] : undefined))
  if (isRecording || !isPinnable(type)) return null
  if (pin) return <PinEditor key={path} page={page} id={id} pin={pin} />
  return (
    <button
      className="button button--small"
      data-testid="pin-outputs"
      disabled={!canPin}
      title="Every run from this editor takes these outputs in place of running the node, until you remove the pin"
      onClick={() => void pinOutputs(session, page, id, index)}
    >
      <PinIcon size={13} aria-hidden="true" /> Pin these outputs
    </button>
  )
}

function PinEditor({ page, id, pin }: OfNode & { readonly pin: Pin }): ReactNode {
  const { tab } = placeOf(page)
  const path = pathOn(page, id)
  const node = useTab(page, one => one.document.nodes[id])
  const [text, setText] = useState(() => JSON.stringify(pin.outputs, undefined, 2))
  const field = useId()
  const outputs = toOutputs(text)
  const known = node ? socketsFor(registry, node) : undefined
  const unknown = Object.keys(outputs ?? {}).filter(name => known && !Object.hasOwn(known.outputs, name))
  const flows = known?.flow.out ?? []
  const write = (next: string) => {
    setText(next)
    const read = toOutputs(next)
    if (read) setPin(tab, path, { ...pin, outputs: read })
  }
  return (
    <div className="pin-editor" data-testid="pin-editor">
      <div className="setting">
        <label htmlFor={field}>
          <PinIcon size={13} aria-hidden="true" /> Pinned outputs <small>used by every run from here</small>
        </label>
        <textarea
          id={field}
          className="mono"
          spellCheck={false}
          rows={Math.min(14, Math.max(3, text.split('\n').length))}
          value={text}
          onChange={event => write(event.target.value)}
        />
        {!outputs && <em role="alert">expected a JSON object of values by output</em>}
        {unknown.length > 0 && <small>It has no output {unknown.map(name => `“${name}”`).join(', ')}.</small>}
      </div>
      {pin.pulses && flows.length > 1 && (
        <fieldset className="pin-editor__pulses">
          <legend>Goes on along</legend>
          {flows.map(name => (
            <label key={name}>
              <input
                type="checkbox"
                checked={pin.pulses?.includes(name) ?? false}
                onChange={event =>
                  setPin(tab, path, {
                    ...pin,
                    pulses: flows.filter(one => (one === name ? event.target.checked : pin.pulses?.includes(one))),
                  })
                }
              />{' '}
              {name}
            </label>
          ))}
        </fieldset>
      )}
      <button className="button button--small" data-testid="unpin" onClick={() => removePins(tab, [path])}>
        <PinOff size={13} aria-hidden="true" /> Remove the pin
      </button>
    </div>
  )
}
