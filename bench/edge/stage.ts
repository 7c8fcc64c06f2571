import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ask } from '../mesh/commands.ts'
import { COLLECT, startGround, startMesh } from '../mesh/mesh.ts'
import type { Ground, Mesh } from '../mesh/mesh.ts'
import { scaled } from '../mesh/scale.ts'
import type { Program, Workshop } from '../start/programs.ts'

const DRIVER = fileURLToPath(new URL('./driver.ts', import.meta.url))
const CROWD = fileURLToPath(new URL('./crowd.ts', import.meta.url))
const FLOOR_EDGE = fileURLToPath(new URL('./floor-edge.ts', import.meta.url))
const HUB = fileURLToPath(new URL('./hub.ts', import.meta.url))

/** Everything that the rows of the edge share: the mesh, somebody who makes events, and the clients. */
export interface Stage {
  readonly workshop: Workshop
  readonly mesh: Mesh
  readonly driver: Program
  readonly crowd: Program
  /** When events were committed, and when they arrived. */
  readonly stamps: readonly [string, string]
  readonly members: number
}

export async function openStage(workshop: Workshop): Promise<Stage> {
  const ground = await startGround(workshop)
  const mesh = await startMesh(workshop, ground)
  const folder = workshop.folder()
  const stamps = [join(folder, 'committed'), join(folder, 'arrived')] as const
  const driver = await workshop.start(DRIVER, [ground.DATABASE_URL, ground.NATS_URL, stamps[0]])
  const crowd = await startCrowd(workshop, ground, stamps[1])
  const file = join(folder, 'members.json')
  const members = await ask<number>(driver, 'populate', { users: scaled(5000, 50), file })
  await ask(crowd, 'members', { file })
  return { workshop, mesh, driver, crowd, stamps, members }
}

const startCrowd = (workshop: Workshop, { NATS_URL }: Ground, file: string) => workshop.start(CROWD, [NATS_URL, file])

export const startFloorEdge = ({ workshop, mesh }: Stage) => workshop.start(FLOOR_EDGE, [mesh.ground.NATS_URL])

/** With the garbage collector at hand, for its memory. */
export const startHub = ({ workshop }: Stage, kind: string) =>
  workshop.command(process.execPath, [...COLLECT, '--disable-warning=ExperimentalWarning', HUB, kind], {
    NODE_ENV: 'production',
  })

/** The WebSocket URLs of the edges, the first one first. */
export const edgeUrls = ({ mesh }: Stage) => mesh.edges.map(({ url }) => url.replace('http', 'ws'))
