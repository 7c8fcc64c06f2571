import { ReactFlowProvider, useReactFlow } from '@xyflow/react'
import { CircleHelp, PanelLeft, PanelRight, WandSparkles } from 'lucide-react'
import type { ReactNode } from 'react'
import { useMemo } from 'react'
import { AccountBar, ClaimBar } from '../account/account-bar.tsx'
import { Canvas } from '../canvas/canvas.tsx'
import { DEMOS } from '../demos.ts'
import { tidy } from '../document/tidy.ts'
import { usePages } from '../document/store.ts'
import { Commands } from '../help/commands.tsx'
import { Help, openHelp } from '../help/keys.tsx'
import { Inspector } from '../inspector/inspector.tsx'
import { Palette } from '../palette/palette.tsx'
import { QuickAdd } from '../palette/quick-add.tsx'
import { RunBar } from '../run/run-bar.tsx'
import { useLatestRun } from '../run/use-latest-run.ts'
import { save } from '../save/save.ts'
import { SaveBar } from '../save/save-bar.tsx'
import { useSession } from '../session/context.ts'
import { openDocument, openNew } from '../tabs/open.ts'
import { TabBar } from '../tabs/tab-bar.tsx'
import { TimelinePanel } from '../timeline/timeline-panel.tsx'
import { useDropImport } from './drop.ts'
import { useKeys } from './keys.ts'
import { usePanel } from './panels.ts'
import { Toasts } from './toasts.tsx'
import './workbench.css'

const SIDE_LIMITS = [160, 420] as const
const INSPECTOR_LIMITS = [220, 560] as const
const TIMELINE_LIMITS = [84, 620] as const

/** The one screen. */
export function Workbench(): ReactNode {
  const active = usePages(one => one.active)
  return (
    <ReactFlowProvider key={active}>
      <Screen tab={active} />
    </ReactFlowProvider>
  )
}

function Screen({ tab }: { readonly tab: string }): ReactNode {
  const narrow = window.innerWidth < 720
  const palette = usePanel('palette', 200, SIDE_LIMITS, 'right', !narrow)
  const inspector = usePanel('inspector', 300, INSPECTOR_LIMITS, 'left', !narrow)
  const timeline = usePanel('timeline', 220, TIMELINE_LIMITS, 'top')
  const dropping = useDropImport()
  useLatestRun(tab)
  return (
    <div className="workbench" data-dropping={dropping}>
      <header className="topbar">
        <img src="/icon.svg" alt="Spellmesh" width={22} height={22} className="topbar__mark" />
        <button
          className="icon-button"
          aria-label="Node library"
          title="Node library"
          aria-pressed={palette.open}
          onClick={palette.toggle}
        >
          <PanelLeft size={16} />
        </button>
        <TabBar />
        {tab && <SaveBar tab={tab} />}
        {tab && <RunBar tab={tab} />}
        <AccountBar />
        <button
          className="icon-button"
          aria-label="Inspector"
          title="Inspector"
          aria-pressed={inspector.open}
          onClick={inspector.toggle}
        >
          <PanelRight size={16} />
        </button>
      </header>
      <ClaimBar />
      {tab ? (
        <main className="workbench__main">
          {palette.open && (
            <div className="workbench__side" style={{ width: palette.size }}>
              <Palette tab={tab} />
            </div>
          )}
          {palette.open && (
            <div
              className="edge edge--column"
              role="separator"
              aria-label="Width of the library"
              onPointerDown={palette.startResize}
            />
          )}
          <div className="workbench__centre">
            <Canvas tab={tab} />
            <Tools tab={tab} />
          </div>
          {inspector.open && (
            <div
              className="edge edge--column"
              role="separator"
              aria-label="Width of the inspector"
              onPointerDown={inspector.startResize}
            />
          )}
          {inspector.open && (
            <div className="workbench__side" style={{ width: inspector.size }}>
              <Inspector tab={tab} />
            </div>
          )}
        </main>
      ) : (
        <Nothing />
      )}
      {tab && (
        <div
          className="edge edge--row"
          role="separator"
          aria-label="Height of the timeline"
          onPointerDown={timeline.startResize}
        />
      )}
      {tab && (
        <div className="workbench__timeline" style={{ height: timeline.size }}>
          <TimelinePanel key={tab} tab={tab} />
        </div>
      )}
      <QuickAdd />
      <Help />
      <Toasts />
      {dropping && <div className="drop-note">Drop it to import: a spell, or a Thoth document</div>}
    </div>
  )
}

/** Small buttons over the canvas; and the keys, which need its view. */
function Tools({ tab }: { readonly tab: string }): ReactNode {
  const session = useSession()
  const flow = useReactFlow()
  const layOut = useMemo(
    () => () => {
      const sizes = new Map(
        flow
          .getNodes()
          .flatMap(({ id, measured }) =>
            measured?.width && measured.height
              ? [[id, { width: measured.width, height: measured.height }] as const]
              : [],
          ),
      )
      void tidy(tab, sizes).then(() => requestAnimationFrame(() => void flow.fitView({ padding: 0.14, duration: 250 })))
    },
    [flow, tab],
  )
  useKeys(tab)
  const actions = useMemo(
    () => [
      { name: 'Save', note: 'Ctrl S', run: () => void save(session, tab) },
      { name: 'New spell', note: '', run: () => void openNew() },
      { name: 'Tidy up', note: '', run: layOut },
      { name: 'Show everything', note: '', run: () => void flow.fitView({ padding: 0.14, duration: 250 }) },
      { name: 'Keys', note: '?', run: openHelp },
    ],
    [session, tab, layOut, flow],
  )
  return (
    <div className="tools">
      <button className="icon-button" aria-label="Tidy up" title="Tidy up" data-testid="tidy" onClick={layOut}>
        <WandSparkles size={15} />
      </button>
      <button className="icon-button" aria-label="Keys" title="Keys (?)" onClick={openHelp}>
        <CircleHelp size={15} />
      </button>
      <Commands tab={tab} actions={actions} />
    </div>
  )
}

function Nothing(): ReactNode {
  return (
    <main className="nothing">
      <h1>What shall it be?</h1>
      <div className="nothing__choices">
        <button className="button button--primary" onClick={() => openNew()}>
          New spell
        </button>
        {DEMOS.map(demo => (
          <button key={demo.name} className="button" title={demo.description} onClick={() => openDocument(demo)}>
            {demo.name}
          </button>
        ))}
      </div>
      <p>Or drop a file here: a spell, or a Thoth document.</p>
    </main>
  )
}
