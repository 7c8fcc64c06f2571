// deploy/k8s: the base, and two overlays over it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderGateway } from './gateway.ts'
import { renderGround } from './ground.ts'
import { groundSelectorOf } from './labels.ts'
import { addressesOf, GRPC_PORT, HTTP_PORT, METRICS_PORT } from './mesh.ts'
import type { Deployed } from './mesh.ts'
import { renderNetwork } from './network.ts'
import { sizeOf } from './sizes.ts'
import { renderMigration, renderService } from './workload.ts'
import { root } from '../launch/state.mjs'

const NAMESPACE = 'spellmesh'

/** What a file of Kubernetes objects, or of kustomize, has in it. */
export type Documents = readonly object[]

export interface Rendered {
  /** By path below deploy/. */
  readonly documents: Readonly<Record<string, Documents>>
  readonly texts: Readonly<Record<string, string>>
}

export function renderK8s(services: readonly Deployed[], version: string): Rendered {
  return {
    documents: {
      ...inFolder('k8s/base', renderBase(services)),
      ...inFolder('k8s/overlays/small', renderSmall(services, version)),
      ...inFolder('k8s/overlays/large', renderLarge(services, version)),
    },
    // kustomize reads no file outside its folder.
    texts: { 'k8s/overlays/small/nats.conf': readFileSync(join(root, 'deploy/nats/nats.conf'), 'utf8') },
  }
}

function renderBase(services: readonly Deployed[]): Record<string, Documents> {
  const files: Record<string, Documents> = {
    'namespace.yaml': [namespace()],
    'network.yaml': renderNetwork(services),
    'migrate.yaml': renderMigration(),
    ...Object.fromEntries(services.map(service => [`${service.name}.yaml`, renderService(service)])),
  }
  return {
    ...files,
    'kustomization.yaml': [
      {
        ...HEAD,
        namespace: NAMESPACE,
        resources: Object.keys(files).toSorted(),
        configMapGenerator: [
          { name: 'mesh', literals: toLiterals({ GRPC_PORT, METRICS_PORT, LOG_LEVEL: 'info' }) },
          ...services.map(service => ({ name: service.name, literals: toLiterals(settingsOf(service)) })),
        ],
      },
    ],
  }
}

function renderSmall(services: readonly Deployed[], version: string): Record<string, Documents> {
  return {
    'ground.yaml': renderGround(services),
    'kustomization.yaml': [
      {
        ...HEAD,
        namespace: NAMESPACE,
        resources: ['../../base', 'ground.yaml'],
        images: imageOf(version),
        configMapGenerator: [{ name: 'nats-conf', files: ['nats.conf'] }],
        patches: [
          deletion('autoscaling/v2', 'HorizontalPodAutoscaler'),
          replacement('NetworkPolicy', 'database', { '/spec/egress/0/to': [toGround('postgres')] }),
          replacement('NetworkPolicy', 'nats', { '/spec/egress/0/to': [toGround('nats')] }),
        ],
      },
    ],
  }
}

function renderLarge(services: readonly Deployed[], version: string): Record<string, Documents> {
  const door = services.find(({ isDoor }) => isDoor)?.name ?? ''
  return {
    'gateway.yaml': renderGateway(door),
    'kustomization.yaml': [
      {
        ...HEAD,
        namespace: NAMESPACE,
        resources: ['../../base', 'gateway.yaml'],
        images: imageOf(version),
        configMapGenerator: [
          { name: door, namespace: NAMESPACE, behavior: 'merge', literals: toLiterals({ SECURE_COOKIES: 'yes' }) },
        ],
        patches: services.map(({ name }) => {
          const [minReplicas, maxReplicas] = sizeOf(name).replicas.large
          return replacement('HorizontalPodAutoscaler', name, {
            '/spec/minReplicas': minReplicas,
            '/spec/maxReplicas': maxReplicas,
          })
        }),
      },
    ],
  }
}

const HEAD = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' }

/** Pods that break the rules are not let in. */
function namespace() {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  }
}

/** What the settings' defaults cannot know. */
function settingsOf(service: Deployed): Readonly<Record<string, string | number>> {
  return { ...addressesOf(service), ...(service.isDoor ? { HOST: '0.0.0.0', PORT: HTTP_PORT } : {}) }
}

function toLiterals(settings: Readonly<Record<string, string | number>>): readonly string[] {
  return Object.entries(settings).map(([name, value]) => `${name}=${value}`)
}

function imageOf(version: string) {
  return [{ name: 'spellmesh', newTag: version }]
}

function toGround(name: string) {
  return { podSelector: { matchLabels: groundSelectorOf(name) } }
}

function deletion(apiVersion: string, kind: string) {
  return { target: { kind }, patch: JSON.stringify({ $patch: 'delete', apiVersion, kind, metadata: { name: 'all' } }) }
}

function replacement(kind: string, name: string, values: Readonly<Record<string, unknown>>) {
  const operations = Object.entries(values).map(([path, value]) => ({ op: 'replace', path, value }))
  return { target: { kind, name }, patch: JSON.stringify(operations) }
}

function inFolder(folder: string, files: Readonly<Record<string, Documents>>): Record<string, Documents> {
  return Object.fromEntries(Object.entries(files).map(([name, documents]) => [`${folder}/${name}`, documents]))
}
