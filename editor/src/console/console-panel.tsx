import { Copy } from 'lucide-react'
import type { FormEvent, KeyboardEvent, ReactNode } from 'react'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { ConsoleLine } from '#graph/view.ts'
import { usePage } from '../contracts.ts'
import { useTabRun } from '../run/store.ts'
import { useRunActions } from '../run/use-run-actions.ts'
import type { CommandAnswer } from './commands.ts'
import { runCommand } from './commands.ts'
import type { Filter } from './lines.ts'
import { filterLines, formatLine } from './lines.ts'
import './console.css'

const ROW = 22
type Row =
  | { readonly line: ConsoleLine; readonly answer?: undefined }
  | { readonly answer: CommandAnswer; readonly line?: undefined }

/** What nodes said, up to the slider's position; and a line to type commands in. */
export function ConsolePanel({ tab }: { readonly tab: string }): ReactNode {
  const { view } = useTabRun(tab)
  const page = usePage(tab)
  const actions = useRunActions(tab)
  const [filter, setFilter] = useState<Filter>({ level: 'all', text: '' })
  const [answers, setAnswers] = useState<readonly CommandAnswer[]>([])
  const lines = useMemo(() => filterLines(view.console, filter), [view.console, filter])
  const rows = useMemo<readonly Row[]>(
    () => [...lines.map(line => ({ line })), ...answers.flatMap(splitAnswer).map(answer => ({ answer }))],
    [lines, answers],
  )
  const submit = (line: string) => {
    if (line.trim() === 'clear') return setAnswers([])
    const said = runCommand(line, {
      document: page.document,
      view,
      run: inputs => actions.run(inputs),
      cancel: () => actions.cancel(),
      setConfig: page.setConfig,
    })
    setAnswers(before => [...before, { level: 'info' as const, text: `› ${line}` }, ...said].slice(-200))
  }
  return (
    <div className="console" data-testid="console">
      <div className="console__bar">
        <select
          aria-label="Least level"
          value={filter.level}
          onChange={event => setFilter({ ...filter, level: event.target.value as Filter['level'] })}
        >
          {(['all', 'debug', 'info', 'warn', 'error'] as const).map(level => (
            <option key={level} value={level}>
              {level === 'all' ? 'All levels' : level}
            </option>
          ))}
        </select>
        <input
          type="search"
          placeholder="Filter by node or text"
          aria-label="Filter"
          value={filter.text}
          onChange={event => setFilter({ ...filter, text: event.target.value })}
        />
        <span className="console__count">
          {lines.length} of {view.console.length}
        </span>
        <button
          aria-label="Copy these lines"
          onClick={() =>
            void navigator.clipboard.writeText(lines.map(line => formatLine(line, view.startedAt)).join('\n'))
          }
        >
          <Copy size={14} />
        </button>
      </div>
      <Rows rows={rows} startedAt={view.startedAt} onNode={page.selectNode} />
      <Prompt onSubmit={submit} />
    </div>
  )
}

function splitAnswer({ level, text }: CommandAnswer): CommandAnswer[] {
  return text.split('\n').map(one => ({ level, text: one }))
}

/** Only the rows in sight are in the page. Follows the end, unless somebody has scrolled up. */
function Rows({
  rows,
  startedAt,
  onNode,
}: {
  readonly rows: readonly Row[]
  readonly startedAt: number
  onNode(node: string): void
}): ReactNode {
  const scroller = useRef<HTMLDivElement>(null)
  const following = useRef(true)
  const [window, setWindow] = useState({ top: 0, height: 200 })
  useEffect(() => {
    const element = scroller.current
    if (!element) return undefined
    const measure = () => {
      following.current = element.scrollTop + element.clientHeight >= element.scrollHeight - ROW
      setWindow({ top: element.scrollTop, height: element.clientHeight })
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    element.addEventListener('scroll', measure, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', measure)
    }
  }, [])
  useLayoutEffect(() => {
    if (following.current && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight
  }, [rows.length])
  const first = Math.max(0, Math.floor(window.top / ROW) - 4)
  const shown = rows.slice(first, first + Math.ceil(window.height / ROW) + 8)
  return (
    <div className="console__rows" ref={scroller} role="log" aria-label="Console" tabIndex={0}>
      {rows.length === 0 && (
        <p className="timeline__empty">
          Nothing has been logged. Type <code>help</code> below.
        </p>
      )}
      <ol style={{ height: rows.length * ROW }}>
        {shown.map((row, index) => (
          <li
            key={first + index}
            style={{ top: (first + index) * ROW, height: ROW }}
            className={`console__row console__row--${row.line?.level ?? row.answer?.level}`}
          >
            {row.line ? (
              <Line line={row.line} startedAt={startedAt} onNode={onNode} />
            ) : (
              <code className="console__answer">{row.answer.text}</code>
            )}
          </li>
        ))}
      </ol>
    </div>
  )
}

function Line({
  line,
  startedAt,
  onNode,
}: {
  readonly line: ConsoleLine
  readonly startedAt: number
  onNode(node: string): void
}): ReactNode {
  const value = line.value === undefined ? '' : JSON.stringify(line.value)
  return (
    <>
      <time>{((line.at - startedAt) / 1000).toFixed(3)}</time>
      <b>{line.level}</b>
      {line.node === '' ? (
        <span className="console__node">run</span>
      ) : (
        <button className="console__node" onClick={() => onNode(line.node)}>
          {line.node}
        </button>
      )}
      <span className="console__text" title={`${line.text} ${value}`}>
        {line.text} {value !== '' && <code>{value}</code>}
      </span>
    </>
  )
}

function Prompt({ onSubmit }: { onSubmit(line: string): void }): ReactNode {
  const [line, setLine] = useState('')
  const [history, setHistory] = useState<readonly string[]>([])
  const [back, setBack] = useState(0)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (line.trim() === '') return
    onSubmit(line)
    setHistory([...history, line].slice(-100))
    setBack(0)
    setLine('')
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0
    const wanted = back + step
    if (step === 0 || wanted < 0 || wanted > history.length) return
    event.preventDefault()
    setBack(wanted)
    setLine(wanted === 0 ? '' : (history[history.length - wanted] ?? ''))
  }
  return (
    <form className="console__prompt" onSubmit={submit}>
      <span aria-hidden="true">›</span>
      <input
        data-testid="console-input"
        aria-label="Console command"
        placeholder="help"
        spellCheck={false}
        value={line}
        onChange={event => setLine(event.target.value)}
        onKeyDown={onKeyDown}
      />
    </form>
  )
}
