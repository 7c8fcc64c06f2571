import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IService } from 'kubernetes-models/v1/Service'
import { groundSelectorOf, PART_OF } from './labels.ts'
import { passwordOf } from './mesh.ts'
import type { Deployed } from './mesh.ts'
import { policy, tcp } from './network.ts'

export const POSTGRES_IMAGE = 'pgvector/pgvector:pg17'
export const NATS_IMAGE = 'nats:2.11-alpine'

const POSTGRES_USER = 999
const NOBODY = 65_534

/** A database and a bus inside the cluster: to try the mesh, not to keep what matters. */
export function renderGround(services: readonly Deployed[]): readonly object[] {
  return [
    service('postgres', 5432),
    postgres(),
    policyOf('postgres', 5432),
    service('nats', 4222),
    nats(services),
    policyOf('nats', 4222),
  ]
}

function postgres(): IStatefulSet {
  const labels = groundSelectorOf('postgres')
  const ready = { exec: { command: ['pg_isready', '-U', 'spellmesh', '-d', 'spellmesh'] } }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'postgres', labels },
    spec: {
      replicas: 1,
      serviceName: 'postgres',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          ...podOf(POSTGRES_USER),
          terminationGracePeriodSeconds: 60,
          containers: [
            {
              ...containerOf('postgres', POSTGRES_IMAGE, 5432),
              env: [
                { name: 'POSTGRES_USER', value: 'spellmesh' },
                { name: 'POSTGRES_DB', value: 'spellmesh' },
                secret('postgres', 'POSTGRES_PASSWORD'),
                { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' },
              ],
              resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { memory: '1Gi' } },
              startupProbe: { ...ready, periodSeconds: 2, failureThreshold: 150 },
              readinessProbe: { ...ready, periodSeconds: 5, timeoutSeconds: 5 },
              volumeMounts: [
                { name: 'data', mountPath: '/var/lib/postgresql/data' },
                { name: 'run', mountPath: '/var/run/postgresql' },
                { name: 'tmp', mountPath: '/tmp' },
              ],
            },
          ],
          volumes: [
            { name: 'run', emptyDir: {} },
            { name: 'tmp', emptyDir: {} },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } },
        },
      ],
    },
  }
}

function nats(services: readonly Deployed[]): IDeployment {
  const labels = groundSelectorOf('nats')
  const ready = { httpGet: { path: '/healthz', port: 'monitor' } }
  const container = containerOf('nats', NATS_IMAGE, 4222)
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'nats', labels },
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          ...podOf(NOBODY),
          containers: [
            {
              ...container,
              args: ['-c', '/etc/nats/nats.conf', '-m', '8222'],
              ports: [...container.ports, { name: 'monitor', containerPort: 8222 }],
              env: services.map(({ name }) => secret('nats', passwordOf(name))),
              resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } },
              readinessProbe: { ...ready, periodSeconds: 5 },
              livenessProbe: { ...ready, periodSeconds: 10, failureThreshold: 6 },
              volumeMounts: [{ name: 'conf', mountPath: '/etc/nats', readOnly: true }],
            },
          ],
          volumes: [{ name: 'conf', configMap: { name: 'nats-conf' } }],
        },
      },
    },
  }
}

function service(name: string, port: number): IService {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels: groundSelectorOf(name) },
    spec: { selector: groundSelectorOf(name), ports: [{ name, port, targetPort: name }] },
  }
}

/** Only the mesh, and only there. */
function policyOf(name: string, port: number) {
  return policy(`${name}-server`, groundSelectorOf(name), {
    ingress: [{ from: [{ podSelector: { matchLabels: { ...PART_OF } } }], ports: [tcp(port)] }],
  })
}

function podOf(user: number) {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: user,
      fsGroup: user,
      seccompProfile: { type: 'RuntimeDefault' as const },
    },
  }
}

function containerOf(name: string, image: string, port: number) {
  return {
    name,
    image,
    ports: [{ name, containerPort: port }],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  }
}

function secret(name: string, key: string) {
  return { name: key, valueFrom: { secretKeyRef: { name, key } } }
}
