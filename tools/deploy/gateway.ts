import type { IGateway } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/Gateway'
import type { IHTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute'
import { metadataOf } from './labels.ts'
import { HTTP_PORT } from './mesh.ts'

/** Not the world's business, though the same port answers it. */
const INTERNAL = ['/metrics', '/livez', '/readyz']

/** The way in from the internet: TLS ends at the gateway, and sessions stay open as long as people do. */
export function renderGateway(door: string): readonly (IGateway | IHTTPRoute)[] {
  return [gateway(), route(door), redirect()]
}

function gateway(): IGateway {
  const allowedRoutes = { namespaces: { from: 'Same' as const } }
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: metadataOf('gateway'),
    spec: {
      gatewayClassName: 'spellmesh',
      listeners: [
        { name: 'http', protocol: 'HTTP', port: 80, allowedRoutes },
        {
          name: 'https',
          protocol: 'HTTPS',
          port: 443,
          tls: { mode: 'Terminate', certificateRefs: [{ name: 'gateway-tls' }] },
          allowedRoutes,
        },
      ],
    },
  }
}

function route(door: string): IHTTPRoute {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: metadataOf(door),
    spec: {
      parentRefs: [{ name: 'gateway', sectionName: 'https' }],
      rules: [
        {
          matches: INTERNAL.map(value => ({ path: { type: 'Exact' as const, value } })),
          filters: [
            {
              type: 'RequestRedirect',
              requestRedirect: { path: { type: 'ReplaceFullPath', replaceFullPath: '/' }, statusCode: 302 },
            },
          ],
        },
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [{ name: door, port: HTTP_PORT }],
          // Sessions and streams of events last; the edge ends what takes too long.
          timeouts: { request: '0s', backendRequest: '0s' },
        },
      ],
    },
  }
}

function redirect(): IHTTPRoute {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: metadataOf('to-https'),
    spec: {
      parentRefs: [{ name: 'gateway', sectionName: 'http' }],
      rules: [{ filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }] }],
    },
  }
}
