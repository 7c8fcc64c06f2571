import type { TemplatedApp, us_socket } from 'uws-20.51'

export interface BareUws {
  App(): TemplatedApp
  us_socket_local_port(socket: us_socket): number
}

/** As the edge does: the first one whose binary loads here. */
export async function loadBareUws(): Promise<BareUws> {
  const module = (await import('uws-20.69').catch(() => import('uws-20.51'))) as { default?: BareUws } & BareUws
  return module.default ?? module
}
