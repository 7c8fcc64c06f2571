/** What one process of a service is given, and how many there may be. */
export interface Size {
  readonly cpu: string
  readonly memory: string
  /** No limit of CPU: throttling would hold up heartbeats and leases while the node idles. */
  readonly memoryLimit: string
  readonly replicas: { readonly base: readonly [number, number]; readonly large: readonly [number, number] }
}

const USUAL: Size = {
  cpu: '100m',
  memory: '192Mi',
  memoryLimit: '512Mi',
  replicas: { base: [2, 4], large: [3, 12] },
}

/** Those that need more than usual: runs and sockets are kept in memory, files are read in threads of their own. */
const MORE: Readonly<Record<string, Size>> = {
  document: { cpu: '250m', memory: '384Mi', memoryLimit: '2Gi', replicas: { base: [2, 4], large: [3, 12] } },
  edge: { cpu: '250m', memory: '256Mi', memoryLimit: '1Gi', replicas: { base: [2, 6], large: [3, 30] } },
  'spell-runner': { cpu: '500m', memory: '512Mi', memoryLimit: '2Gi', replicas: { base: [2, 8], large: [4, 60] } },
}

export function sizeOf(service: string): Size {
  return MORE[service] ?? USUAL
}
