import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import type { IJob } from 'kubernetes-models/batch/v1/Job'
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import type { IIoK8sApiCoreV1Container } from 'kubernetes-models/v1/Container'
import type { IIoK8sApiCoreV1PodSpec } from 'kubernetes-models/v1/PodSpec'
import type { IService } from 'kubernetes-models/v1/Service'
import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount'
import { metadataOf, selectorOf } from './labels.ts'
import { GRPC_PORT, HTTP_PORT, METRICS_PORT } from './mesh.ts'
import type { Deployed } from './mesh.ts'
import { sizeOf } from './sizes.ts'

const IMAGE = 'spellmesh'
/** The user `node` of the image. */
const USER = 1000
/** Longer than DRAIN_MS for runs and sessions, and once more for calls in flight. */
const GRACE_SECONDS = 60
/** How long endpoints may go on sending new connections to a door that is about to close. */
const CLOSING_SECONDS = 5

/** Everything that belongs to one service, but its network policy. */
export function renderService(service: Deployed): readonly object[] {
  return [
    serviceAccount(service.name),
    deployment(service),
    portal(service),
    disruptionBudget(service),
    autoscaler(service),
  ]
}

/** Brings the tables up to date and ends. Services do the same at their start; the job shows a failure before they roll. */
export function renderMigration(): readonly object[] {
  const job: IJob = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataOf('migrate'),
    spec: {
      backoffLimit: 10,
      activeDeadlineSeconds: 1800,
      // Jobs cannot be changed: the next version's is a new one.
      ttlSecondsAfterFinished: 300,
      template: {
        metadata: { labels: selectorOf('migrate') },
        spec: {
          ...podOf('migrate'),
          restartPolicy: 'OnFailure',
          containers: [
            {
              ...containerOf('migrate', ['migrate']),
              env: [secretVariable('migrate', 'DATABASE_URL', true)],
              resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
            },
          ],
        },
      },
    },
  }
  return [serviceAccount('migrate'), job]
}

function deployment(service: Deployed): IDeployment {
  const { name } = service
  const selector = { matchLabels: selectorOf(name) }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(name),
    spec: {
      // How many is the autoscaler's business; without one it is one.
      revisionHistoryLimit: 5,
      selector,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: {
          labels: selectorOf(name),
          annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(METRICS_PORT) },
        },
        spec: {
          ...podOf(name),
          terminationGracePeriodSeconds: GRACE_SECONDS,
          topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map(topologyKey => ({
            maxSkew: 1,
            topologyKey,
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: selector,
            matchLabelKeys: ['pod-template-hash'],
          })),
          containers: [serverOf(service)],
        },
      },
    },
  }
}

function serverOf(service: Deployed): IIoK8sApiCoreV1Container {
  const { name, isDoor, secrets } = service
  const size = sizeOf(name)
  const grpc = { grpc: { port: GRPC_PORT } }
  const alive = isDoor ? { httpGet: { path: '/livez', port: 'http' } } : grpc
  return {
    ...containerOf(name, [name]),
    envFrom: [{ configMapRef: { name: 'mesh' } }, { configMapRef: { name } }],
    env: [
      { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'GRPC_ADVERTISE', value: `$(POD_IP):${GRPC_PORT}` },
      ...secrets.map(secret => secretVariable(name, secret.name, secret.required)),
    ],
    ports: [
      ...(isDoor ? [{ name: 'http', containerPort: HTTP_PORT }] : []),
      { name: 'grpc', containerPort: GRPC_PORT },
      { name: 'metrics', containerPort: METRICS_PORT },
    ],
    resources: { requests: { cpu: size.cpu, memory: size.memory }, limits: { memory: size.memoryLimit } },
    // Tables may be brought up to date first.
    startupProbe: { ...alive, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 150 },
    livenessProbe: { ...alive, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    readinessProbe: {
      ...(isDoor ? { httpGet: { path: '/readyz', port: 'http' } } : grpc),
      periodSeconds: 5,
      timeoutSeconds: 5,
      failureThreshold: 2,
    },
    // gRPC callers go on to another process when one closes; a load balancer does not, and needs time to hear of it.
    ...(isDoor ? { lifecycle: { preStop: { sleep: { seconds: CLOSING_SECONDS } } } } : {}),
  }
}

/** gRPC callers choose among all processes by themselves: they get every address. People get one. */
function portal({ name, isDoor }: Deployed): IService {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(name),
    spec: isDoor
      ? {
          selector: selectorOf(name),
          ports: [{ name: 'http', port: HTTP_PORT, targetPort: 'http', appProtocol: 'kubernetes.io/ws' }],
        }
      : {
          clusterIP: 'None',
          selector: selectorOf(name),
          ports: [{ name: 'grpc', port: GRPC_PORT, targetPort: 'grpc', appProtocol: 'kubernetes.io/h2c' }],
        },
  }
}

/** One at a time, so that a single process does not keep a node from being drained. */
function disruptionBudget({ name }: Deployed): IPodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadataOf(name),
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: selectorOf(name) },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  }
}

function autoscaler({ name }: Deployed): IHorizontalPodAutoscaler {
  const [minReplicas, maxReplicas] = sizeOf(name).replicas.base
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadataOf(name),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas,
      maxReplicas,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
      ],
      // Whoever goes takes sessions and runs with it, which others then take up: not more often than need be.
      behavior: {
        scaleDown: { stabilizationWindowSeconds: 300, policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
      },
    },
  }
}

function serviceAccount(name: string): IServiceAccount {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: metadataOf(name),
    automountServiceAccountToken: false,
  }
}

function podOf(name: string) {
  return {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumes: [
      { name: 'tmp', emptyDir: { sizeLimit: '256Mi' } },
      { name: 'data', emptyDir: { sizeLimit: '1Gi' } },
    ],
  } satisfies Partial<IIoK8sApiCoreV1PodSpec>
}

function containerOf(name: string, args: readonly string[]) {
  return {
    name,
    image: IMAGE,
    args: [...args],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'data', mountPath: '/data' },
    ],
  } satisfies IIoK8sApiCoreV1Container
}

function secretVariable(secret: string, key: string, required: boolean) {
  return { name: key, valueFrom: { secretKeyRef: { name: secret, key, ...(required ? {} : { optional: true }) } } }
}
