import { Copy } from 'lucide-react'
import type { FormEvent, KeyboardEvent, ReactNode } from 'react'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { ConsoleLine } from '#graph/view.ts'
import { usePage } from '../contracts.ts'
import { jsonInWords, mediaInWords, mediaOf } from '../media/media.ts'
import { Preview } from '../media/preview.tsx'
import { registry } from '../registry.ts'
import { pauseRun, playRun } from '../run/controls.ts'
import { statusOf } from '../run/standing.ts'
import { positionOf, seek, useTabRun } from '../run/store.ts'
import { stop } from '../timeline/playback.ts'
import { useRunActions } from '../run/use-run-actions.ts'
import type { CommandAnswer } from './commands.ts'
import type { Completion } from './complete.ts'
import { complete } from './complete.ts'
import { runCommand } from './commands.ts'
import type { Filter } from './lines.ts'
import { filterLines, formatLine, shownOf } from './lines.ts'
import { clearAnswers, note, useSaid } from './store.ts'
import './console.css'

const ROW = 22
type Row =
  | { readonly line: ConsoleLine; readonly answer?: undefined }
  | { readonly answer: CommandAnswer; readonly line?: undefined }

/** What nodes said, up to the slider's position; and a line to type commands in. */
export function ConsolePanel({ tab }: { readonly tab: string }): ReactNode {
  const { run, view, timeline, position } = useTabRun(tab)
  const page = usePage(tab)
  const actions = useRunActions(tab)
  const [filter, setFilter] = useState<Filter>({ level: 'all', text: '' })
  const { answers, history } = useSaid(tab)
  const lines = useMemo(() => filterLines(view.console, filter), [view.console, filter])
  const rows = useMemo<readonly Row[]>(
    () => [...lines.map(line => ({ line })), ...answers.flatMap(splitAnswer).map(answer => ({ answer }))],
    [lines, answers],
  )
  const submit = (line: string) => {
    const said = runCommand(line, {
      ...{ registry, view, timeline, position: positionOf({ position, timeline }) },
      ...{ document: page.document, fixed: page.fixed, setConfig: page.setConfig, setValue: page.setValue },
      run: (inputs, startAt) => void actions.run(inputs, startAt),
      cancel: () => actions.cancel(),
      pause: () => void pauseRun(tab),
      play: step => void playRun(tab, step),
      status: statusOf({ run, timeline }),
      seek: to => {
        stop(tab)
        seek(tab, to)
      },
      clear: () => queueMicrotask(() => clearAnswers(tab)),
    })
    note(tab, line, said)
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
      <Rows tab={tab} rows={rows} startedAt={view.startedAt} onNode={page.selectNode} />
      <Prompt
        history={history}
        onSubmit={submit}
        onComplete={line => complete(line, { document: page.document, registry, view })}
      />
    </div>
  )
}

function splitAnswer({ level, text }: CommandAnswer): CommandAnswer[] {
  return text.split('\n').map(one => ({ level, text: one }))
}

/** Only the rows in sight are in the page. Follows the end, unless somebody has scrolled up. */
function Rows({
  tab,
  rows,
  startedAt,
  onNode,
}: {
  readonly tab: string
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
              <Line tab={tab} line={row.line} startedAt={startedAt} onNode={onNode} />
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
  tab,
  line,
  startedAt,
  onNode,
}: {
  readonly tab: string
  readonly line: ConsoleLine
  readonly startedAt: number
  onNode(node: string): void
}): ReactNode {
  const { words, value } = shownOf(line)
  const media = mediaOf(value)
  const json = value === undefined ? '' : media ? mediaInWords(media) : jsonInWords(value)
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
      <span className="console__text" title={`${words} ${json}`}>
        {words}{' '}
        {media && value !== undefined ? (
          <span className="console__media">
            <Preview page={tab} name={line.node} value={value} />
          </span>
        ) : (
          json !== '' && <code>{json}</code>
        )}
      </span>
    </>
  )
}

function Prompt({
  history,
  onSubmit,
  onComplete,
}: {
  readonly history: readonly string[]
  onSubmit(line: string): void
  onComplete(line: string): Completion
}): ReactNode {
  const [line, setLine] = useState('')
  const [back, setBack] = useState(0)
  const [options, setOptions] = useState<readonly string[]>([])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (line.trim() === '') return
    onSubmit(line.trim())
    setBack(0)
    setLine('')
    setOptions([])
  }
  const recall = (wanted: number) => {
    if (wanted < 0 || wanted > history.length) return
    setBack(wanted)
    setLine(wanted === 0 ? '' : (history[history.length - wanted] ?? ''))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowUp') recall(back + 1)
    else if (event.key === 'ArrowDown') recall(back - 1)
    else if (event.key === 'Tab' && !event.shiftKey && line !== '') {
      const completed = onComplete(line)
      // With nothing to complete, Tab goes on to what comes next, as everywhere.
      if (completed.line === line && completed.options.length === 0) return
      setLine(completed.line)
      setOptions(completed.options)
    } else if (event.key === 'Escape' && options.length > 0) setOptions([])
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <form className="console__prompt" onSubmit={submit}>
      <span aria-hidden="true">›</span>
      <input
        data-testid="console-input"
        aria-label="Console command"
        aria-describedby="console-options"
        placeholder="help"
        autoComplete="off"
        spellCheck={false}
        value={line}
        onChange={event => {
          setLine(event.target.value)
          setOptions([])
        }}
        onKeyDown={onKeyDown}
      />
      <output id="console-options" className="console__options" data-testid="console-options">
        {options.slice(0, MOST_OPTIONS).join('  ')}
        {options.length > MOST_OPTIONS && ` and ${options.length - MOST_OPTIONS} more`}
      </output>
    </form>
  )
}

const MOST_OPTIONS = 24
