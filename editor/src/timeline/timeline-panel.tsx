import { ChevronDown, ChevronUp, Download } from 'lucide-react'
import type { ReactNode } from 'react'
import { Suspense, useState } from 'react'
import { ConsolePanel } from '../console/console-panel.tsx'
import { useTabRunField } from '../run/store.ts'
import { RunList } from '../run/run-list.tsx'
import { saveShown } from '../tabs/recording.ts'
import { Lanes } from './lanes.tsx'
import { Transport } from './transport.tsx'
import './timeline.css'

type Section = 'lanes' | 'console' | 'runs'

/** The bottom of the page: the slider over the run, and below it lanes, console or past runs. */
export function TimelinePanel({ tab }: { readonly tab: string }): ReactNode {
  const [section, setSection] = useState<Section>('lanes')
  const [open, setOpen] = useState(true)
  const hasRun = useTabRunField(tab, 'run') !== undefined
  const choose = (one: Section) => {
    setOpen(open && section === one ? false : true)
    setSection(one)
  }
  return (
    <section className={open ? 'timeline' : 'timeline timeline--closed'} aria-label="Timeline">
      <Transport tab={tab} />
      <nav className="timeline__sections" role="tablist" aria-label="Timeline sections">
        {(['lanes', 'console', 'runs'] as const).map(one => (
          <button
            key={one}
            role="tab"
            aria-selected={open && section === one}
            data-testid={`section-${one}`}
            onClick={() => choose(one)}
          >
            {{ lanes: 'Lanes', console: 'Console', runs: 'Runs' }[one]}
          </button>
        ))}
        <button
          className="timeline__save"
          data-testid="save-run"
          disabled={!hasRun}
          title="Save this run as a file: it opens here again without a server"
          onClick={() => saveShown(tab)}
        >
          <Download size={13} aria-hidden="true" /> Save run
        </button>
        <button className="timeline__toggle" aria-label={open ? 'Collapse' : 'Expand'} onClick={() => setOpen(!open)}>
          {open ? <ChevronDown size={14} /> : <ChevronUp size={14} />}
        </button>
      </nav>
      {open && (
        <div className="timeline__body" role="tabpanel">
          <Suspense fallback={null}>
            {section === 'lanes' ? (
              <Lanes tab={tab} />
            ) : section === 'console' ? (
              <ConsolePanel tab={tab} />
            ) : (
              <RunList tab={tab} />
            )}
          </Suspense>
        </div>
      )}
    </section>
  )
}
