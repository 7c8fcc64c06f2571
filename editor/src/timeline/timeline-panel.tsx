import { ChevronDown, ChevronUp, Download } from 'lucide-react'
import type { ReactNode } from 'react'
import { Suspense } from 'react'
import { ChatPanel } from '../chat/chat-panel.tsx'
import { isTalking } from '../chat/messages.ts'
import { ComparePanel } from '../compare/compare-panel.tsx'
import { usePair } from '../compare/store.ts'
import { ConsolePanel } from '../console/console-panel.tsx'
import { useTab } from '../document/store.ts'
import { useTabRunField } from '../run/store.ts'
import { RunList } from '../run/run-list.tsx'
import { useSession } from '../session/context.ts'
import { saveShown } from '../tabs/recording.ts'
import { Lanes } from './lanes.tsx'
import type { Section } from './section.ts'
import { showSection, toggleSections, useSection } from './section.ts'
import { Transport } from './transport.tsx'
import './timeline.css'

const NAMES: Readonly<Record<Section, string>> = {
  lanes: 'Lanes',
  console: 'Console',
  runs: 'Runs',
  chat: 'Chat',
  compare: 'Compare',
}

/** The bottom of the page: the slider over the run, and below it lanes, console, past runs, the chat or a comparison. */
export function TimelinePanel({ tab }: { readonly tab: string }): ReactNode {
  const session = useSession()
  const hasRun = useTabRunField(tab, 'run') !== undefined
  const hasChat = useTab(tab, ({ document }) => isTalking(document)) ?? false
  const hasPair = usePair(tab) !== undefined
  const chosen = useSection(tab)
  const { open } = chosen
  const sections = (['lanes', 'console', 'runs', 'chat', 'compare'] as const).filter(
    one => (one !== 'chat' || hasChat) && (one !== 'compare' || hasPair),
  )
  const section = sections.includes(chosen.section) ? chosen.section : 'lanes'
  return (
    <section className={open ? 'timeline' : 'timeline timeline--closed'} aria-label="Timeline">
      <Transport tab={tab} />
      <nav className="timeline__sections" role="tablist" aria-label="Timeline sections">
        {sections.map(one => (
          <button
            key={one}
            role="tab"
            aria-selected={open && section === one}
            data-testid={`section-${one}`}
            onClick={() => (open && section === one ? toggleSections() : showSection(tab, one))}
          >
            {NAMES[one]}
          </button>
        ))}
        <button
          className="timeline__save"
          data-testid="save-run"
          disabled={!hasRun}
          title="Save this run as a file: it opens here again without a server"
          onClick={() => void saveShown(session, tab)}
        >
          <Download size={13} aria-hidden="true" /> Save run
        </button>
        <button className="timeline__toggle" aria-label={open ? 'Collapse' : 'Expand'} onClick={toggleSections}>
          {open ? <ChevronDown size={14} /> : <ChevronUp size={14} />}
        </button>
      </nav>
      {open && (
        <div className="timeline__body" role="tabpanel">
          <Suspense fallback={null}>
            <Body tab={tab} section={section} />
          </Suspense>
        </div>
      )}
    </section>
  )
}

function Body({ tab, section }: { readonly tab: string; readonly section: Section }): ReactNode {
  switch (section) {
    case 'lanes':
      return <Lanes tab={tab} />
    case 'console':
      return <ConsolePanel tab={tab} />
    case 'runs':
      return <RunList tab={tab} />
    case 'chat':
      return <ChatPanel tab={tab} />
    case 'compare':
      return <ComparePanel tab={tab} />
  }
}
