import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import type { IIoK8sApiNetworkingV1NetworkPolicyPeer as Peer } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer'
import { metadataOf, PART_OF, selectorOf } from './labels.ts'
import { GRPC_PORT, HTTP_PORT, METRICS_PORT } from './mesh.ts'
import type { Deployed } from './mesh.ts'

const POSTGRES_PORT = 5432
const NATS_PORT = 4222
const OTLP_PORT = 4318
/** What is no part of the internet. */
const PRIVATE = ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16']
const PRIVATE_6 = ['::1/128', 'fc00::/7', 'fe80::/10']

/** Nobody may do anything, but what follows from who uses whom. */
export function renderNetwork(services: readonly Deployed[]): readonly INetworkPolicy[] {
  return [
    policy('default-deny', {}, { ingress: [], egress: [] }),
    policy('dns', PART_OF, { egress: [{ to: DNS, ports: [udp(53), tcp(53)] }] }),
    policy('database', PART_OF, { egress: [{ to: inside(), ports: [tcp(POSTGRES_PORT)] }] }),
    ofServers('nats', { egress: [{ to: inside(), ports: [tcp(NATS_PORT)] }] }),
    ofServers('monitoring', {
      ingress: [{ from: [MONITORING], ports: [tcp(METRICS_PORT)] }],
      egress: [{ to: [MONITORING], ports: [tcp(OTLP_PORT)] }],
    }),
    ...services.map(toPolicy),
  ]
}

/** All but the migration, which speaks to the database alone. */
function ofServers(name: string, rules: Rules): INetworkPolicy {
  const made = policy(name, PART_OF, rules)
  const but = { key: 'app.kubernetes.io/name', operator: 'NotIn', values: ['migrate'] }
  return {
    ...made,
    spec: { ...made.spec, podSelector: { matchLabels: { ...PART_OF }, matchExpressions: [but] } },
  }
}

const MONITORING: Peer = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }

function toPolicy(service: Deployed): INetworkPolicy {
  const { name, uses, usedBy, isDoor, goesOut } = service
  return policy(name, selectorOf(name), {
    ingress: [
      ...(isDoor ? [{ ports: [tcp(HTTP_PORT)] }] : []),
      ...(usedBy.length > 0 ? [{ from: usedBy.map(toPods), ports: [tcp(GRPC_PORT)] }] : []),
    ],
    egress: [
      ...(uses.length > 0 ? [{ to: uses.map(toPods), ports: [tcp(GRPC_PORT)] }] : []),
      ...(goesOut ? [{ to: INTERNET, ports: [tcp(443), tcp(80)] }] : []),
    ],
  })
}

const DNS: Peer[] = [
  {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
    podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
  },
  // Where each node has a cache of its own.
  { ipBlock: { cidr: '169.254.20.10/32' } },
]

const INTERNET: Peer[] = [
  { ipBlock: { cidr: '0.0.0.0/0', except: [...PRIVATE] } },
  { ipBlock: { cidr: '::/0', except: [...PRIVATE_6] } },
]

/** Where a database or NATS may be, until an overlay says where it is. */
function inside(): Peer[] {
  return ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'].map(cidr => ({ ipBlock: { cidr } }))
}

function toPods(name: string): Peer {
  return { podSelector: { matchLabels: selectorOf(name) } }
}

export function tcp(port: number) {
  return { protocol: 'TCP', port } as const
}

function udp(port: number) {
  return { protocol: 'UDP', port } as const
}

type Rules = Pick<NonNullable<INetworkPolicy['spec']>, 'ingress' | 'egress'>

export function policy(name: string, matchLabels: Readonly<Record<string, string>>, rules: Rules): INetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: metadataOf(name),
    spec: {
      podSelector: Object.keys(matchLabels).length > 0 ? { matchLabels: { ...matchLabels } } : {},
      policyTypes: (['Ingress', 'Egress'] as const).filter(type => rules[type === 'Ingress' ? 'ingress' : 'egress']),
      ...rules,
    },
  }
}
