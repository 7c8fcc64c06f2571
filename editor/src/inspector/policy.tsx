import type { ReactNode } from 'react'
import type { NodeType, Schema } from '#graph/define.ts'
import type { NodeDocument, RetryPolicy } from '#graph/document.ts'
import type { Json } from '#graph/json.ts'
import { changeNode } from '../document/edits.ts'
import { edit } from '../document/store.ts'
import { SchemaField } from './form.tsx'

const RETRY: Readonly<Record<keyof RetryPolicy, Schema>> = {
  attempts: {
    ...{ type: 'integer', title: 'Attempts', minimum: 1, maximum: 100, default: 1 },
    description: 'All together; 1: it is not tried again',
  },
  delayMs: {
    ...{ type: 'integer', title: 'Delay, ms', minimum: 0, maximum: 3_600_000, default: 0 },
    description: 'Before the second attempt, at most; it doubles with each',
  },
  timeoutMs: {
    ...{ type: 'integer', title: 'Timeout, ms', minimum: 0, maximum: 86_400_000, default: 0 },
    description: 'Of each attempt; 0: none but the run’s own',
  },
}
const REUSE: Schema = {
  ...{ type: 'boolean', title: 'Use results again', default: false },
  description: 'The same settings and inputs give what they gave before, in later runs as well',
}

/** How a failing node is tried again, and whether its results are kept. */
export function Policy({
  tab,
  id,
  node,
  type,
}: {
  readonly tab: string
  readonly id: string
  readonly node: NodeDocument
  readonly type: NodeType
}): ReactNode {
  if (type.kind === 'pure' || type.role !== undefined) return null
  const setRetry = (name: keyof RetryPolicy, value: Json | undefined) =>
    edit(tab, `Change ${name}`, one => {
      const { [name]: _, ...rest } = one.nodes[id]?.retry ?? {}
      const retry = typeof value === 'number' ? { ...rest, [name]: value } : rest
      return changeNode(one, id, { retry: Object.keys(retry).length > 0 ? retry : undefined } as Partial<NodeDocument>)
    })
  const canRetry = type.kind !== 'scope' && type.kind !== 'source'
  const canReuse = type.kind === 'action' || type.kind === 'join'
  if (!canRetry && !canReuse) return null
  const isSet = node.retry !== undefined || node.reuse === true
  return (
    <details className="policy" open={isSet} data-testid="policy">
      <summary>When it fails, and again</summary>
      {canRetry &&
        (['attempts', 'delayMs', 'timeoutMs'] as const).map(name => (
          <SchemaField
            key={name}
            name={name}
            schema={RETRY[name]}
            value={node.retry?.[name]}
            onChange={value => setRetry(name, value)}
          />
        ))}
      {canRetry && (node.retry?.attempts ?? 1) > 1 && type.effect === undefined && (
        <p className="inspector__none">
          It may have effects outside: what is tried again may happen twice, unless the other side knows its key.
        </p>
      )}
      {canReuse && (
        <SchemaField
          name="reuse"
          schema={REUSE}
          value={node.reuse}
          onChange={value =>
            edit(tab, 'Change reuse', one =>
              changeNode(one, id, { reuse: value === true ? true : undefined } as Partial<NodeDocument>),
            )
          }
        />
      )}
    </details>
  )
}
