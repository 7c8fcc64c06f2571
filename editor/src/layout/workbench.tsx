import { ReactFlowProvider, useReactFlow } from '@xyflow/react'
import { CircleHelp, PanelLeft, PanelRight, WandSparkles } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useMemo } from 'react'
import { AccountBar, ClaimBar } from '../account/account-bar.tsx'
import { Secrets } from '../account/secrets.tsx'
import { Canvas } from '../canvas/canvas.tsx'
import { NodeMenu } from '../canvas/node-menu.tsx'
import { DEMOS } from '../demos.ts'
import { tidy } from '../document/tidy.ts'
import { usePages, useTab } from '../document/store.ts'
import { Commands } from '../help/commands.tsx'
import { Help, openHelp } from '../help/keys.tsx'
import { Breadcrumb } from '../inside/breadcrumb.tsx'
import { Inspector } from '../inspector/inspector.tsx'
import { KNOWLEDGE_COMMANDS, KnowledgeButton, KnowledgeDrawer } from '../knowledge/drawer.tsx'
import { Viewer } from '../media/viewer.tsx'
import { Palette } from '../palette/palette.tsx'
import { QuickAdd } from '../palette/quick-add.tsx'
import { RunBar } from '../run/run-bar.tsx'
import { pageOf, useTabRunField } from '../run/store.ts'
import { useLatestRun } from '../run/use-latest-run.ts'
import { save } from '../save/save.ts'
import { SaveBar } from '../save/save-bar.tsx'
import { useSession } from '../session/context.ts'
import { loadKept } from '../steering/kept.ts'
import { useRunsFresh } from '../steering/runs-of.ts'
import { WaitDialog } from '../steering/wait-dialog.tsx'
import { openDocument, openNew } from '../tabs/open.ts'
import { RecordingBar, RecordingNote } from '../tabs/recording-bar.tsx'
import { saveShown } from '../tabs/recording.ts'
import { TabBar } from '../tabs/tab-bar.tsx'
import { TimelinePanel } from '../timeline/timeline-panel.tsx'
import { Player } from '../voice/player.tsx'
import { Boundary } from './boundary.tsx'
import { useDropImport } from './drop.ts'
import { useKeys } from './keys.ts'
import { usePanel } from './panels.ts'
import type { Panel } from './panels.ts'
import { Toasts } from './toasts.tsx'
import './workbench.css'

const SIDE_LIMITS = [160, 420] as const
const INSPECTOR_LIMITS = [220, 560] as const
const TIMELINE_LIMITS = [84, 620] as const

/** The one screen. */
export function Workbench(): ReactNode {
  const active = usePages(one => one.active)
  return <Screen tab={active} />
}

function Screen({ tab }: { readonly tab: string }): ReactNode {
  const narrow = window.innerWidth < 720
  const palette = usePanel('palette', 200, SIDE_LIMITS, 'right', !narrow)
  const inspector = usePanel('inspector', 300, INSPECTOR_LIMITS, 'left', !narrow)
  const timeline = usePanel('timeline', 220, TIMELINE_LIMITS, 'top')
  const dropping = useDropImport()
  useLatestRun(tab)
  useRunsFresh(tab)
  const spell = useTab(tab, one => one.spell)
  useEffect(() => loadKept(tab), [tab, spell])
  // What the tab shows: its own spell, or a sub-spell that somebody looks into.
  const inside = useTabRunField(tab, 'inside')
  const page = pageOf(tab, inside)
  const isFixed = useTab(page, one => one.fixed !== undefined) ?? false
  const isRecording = useTab(tab, one => one.fixed === 'recording') ?? false
  return (
    <div className="workbench" data-dropping={dropping}>
      <TopBar tab={tab} palette={palette} inspector={inspector} isRecording={isRecording} />
      <ClaimBar />
      {tab ? (
        <main className="workbench__main">
          {palette.open && (
            <div className="workbench__side" style={{ width: palette.size }} inert={isFixed}>
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
          <KnowledgeDrawer />
          <div className="workbench__centre">
            <ReactFlowProvider key={page}>
              <Boundary name="canvas">
                <Canvas tab={page} />
              </Boundary>
              <Tools tab={tab} page={page} />
            </ReactFlowProvider>
            <Breadcrumb tab={tab} />
            <Player tab={tab} />
            {isRecording && <RecordingNote tab={tab} />}
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
              <Boundary key={page} name="inspector">
                <Inspector tab={page} />
              </Boundary>
            </div>
          )}
        </main>
      ) : (
        <div className="workbench__main">
          <KnowledgeDrawer />
          <Nothing />
        </div>
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
          <Boundary key={tab} name="timeline">
            <TimelinePanel tab={tab} />
          </Boundary>
        </div>
      )}
      <QuickAdd />
      <NodeMenu />
      {tab && <WaitDialog tab={tab} />}
      <Help />
      <Secrets />
      <Viewer />
      <Toasts />
      {dropping && (
        <div className="drop-note">
          Drop it to open: a spell, a recorded run, a Thoth document; or a document to read
        </div>
      )}
    </div>
  )
}

function TopBar({
  tab,
  palette,
  inspector,
  isRecording,
}: {
  readonly tab: string
  readonly palette: Panel
  readonly inspector: Panel
  readonly isRecording: boolean
}): ReactNode {
  return (
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
      <KnowledgeButton />
      <TabBar />
      {tab && (isRecording ? <RecordingBar tab={tab} /> : <SaveBar tab={tab} />)}
      {tab && <RunBar tab={tab} />}
      <AccountBar tab={tab} />
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
  )
}

/** Small buttons over the canvas; and the keys, which need its view. */
function Tools({ tab, page }: { readonly tab: string; readonly page: string }): ReactNode {
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
      void tidy(page, sizes).then(() =>
        requestAnimationFrame(() => void flow.fitView({ padding: 0.14, duration: 250 })),
      )
    },
    [flow, page],
  )
  const isFixed = useTab(page, one => one.fixed !== undefined) ?? false
  useKeys(tab, page)
  const actions = useMemo(
    () => [
      { name: 'Save', note: 'Ctrl S', run: () => void save(session, tab) },
      { name: 'New spell', note: '', run: () => void openNew() },
      ...(isFixed ? [] : [{ name: 'Tidy up', note: '', run: layOut }]),
      { name: 'Save run as a file', note: '.run', run: () => void saveShown(session, tab) },
      ...KNOWLEDGE_COMMANDS,
      { name: 'Show everything', note: '', run: () => void flow.fitView({ padding: 0.14, duration: 250 }) },
      { name: 'Keys', note: '?', run: openHelp },
    ],
    [session, tab, layOut, flow, isFixed],
  )
  return (
    <div className="tools">
      {!isFixed && (
        <button className="icon-button" aria-label="Tidy up" title="Tidy up" data-testid="tidy" onClick={layOut}>
          <WandSparkles size={15} />
        </button>
      )}
      <button className="icon-button" aria-label="Keys" title="Keys (?)" onClick={openHelp}>
        <CircleHelp size={15} />
      </button>
      <Commands tab={page} actions={actions} />
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
      <p>Or drop a file here: a spell, a recorded run, or a Thoth document.</p>
    </main>
  )
}
