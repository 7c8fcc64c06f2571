// What is deployed, as files: Kubernetes objects, compose.yaml, and that they are what the services declare.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { Gateway } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/Gateway'
import { HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute'
import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import { Job } from 'kubernetes-models/batch/v1/Job'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { Namespace } from 'kubernetes-models/v1/Namespace'
import { Secret } from 'kubernetes-models/v1/Secret'
import { Service } from 'kubernetes-models/v1/Service'
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount'
import { parse } from 'yaml'
import { listServices, loadServices } from '#mesh/discover.ts'
import { settingsOwners } from '#mesh/host-settings.ts'
import { usedBy } from '#mesh/start-order.ts'
import { staleFiles } from '#tools/deploy.ts'
import { buildKustomization } from './deploy-kustomize.ts'
import type { Resource } from './deploy-kustomize.ts'
import { fits, of, podsOf, specOf } from './deploy-model.ts'
import type { Labels, Variable } from './deploy-model.ts'

const DEPLOY = fileURLToPath(new URL('../deploy/', import.meta.url))
const OVERLAYS = ['small', 'large'] as const
const built = Object.fromEntries(
  OVERLAYS.map(name => [name, buildKustomization(`${DEPLOY}k8s/overlays/${name}`)]),
) as Record<(typeof OVERLAYS)[number], readonly Resource[]>

const services = await loadServices(await listServices())
const settings = new Map(settingsOwners(services).flatMap(({ settings: own }) => Object.entries(own)))

test('what is committed is what the services declare', async () => {
  expect(await staleFiles()).toEqual([])
})

/** Whatever has a schema. The models refuse what is missing or of another type; what is unknown the compiler refuses, where it is rendered. */
const MODELS: Readonly<Record<string, new (content: never) => { validate(): void }>> = {
  ConfigMap,
  Deployment,
  Gateway,
  HTTPRoute,
  HorizontalPodAutoscaler,
  Job,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
}

function problemsOf(resource: Resource): readonly string[] {
  const Model = MODELS[resource.kind]
  if (!Model) return [`${resource.kind}: no schema`]
  try {
    new Model(resource as never).validate()
    return []
  } catch (error) {
    return [`${resource.kind} ${resource.metadata.name}: ${String(error)}`]
  }
}

test('a schema finds what is wrong', () => {
  const [deployment] = built.small.filter(({ kind }) => kind === 'Deployment')
  expect(problemsOf({ ...deployment, spec: { replicas: 'two' } } as unknown as Resource).join()).toContain('selector')
})

const names = (resources: readonly Resource[], kind: string) =>
  of(resources, kind)
    .map(({ metadata }) => metadata.name)
    .toSorted()
const sorted = (list: readonly string[]) => list.toSorted()
const everyService = sorted(services.map(({ name }) => name))

describe.each(OVERLAYS)('overlay %s', overlay => {
  const resources = built[overlay]
  const pods = podsOf(resources)
  const ofMesh = pods.filter(({ template }) => template.metadata.labels['app.kubernetes.io/part-of'] === 'spellmesh')

  test('fits its schemas', () => {
    expect(resources.flatMap(problemsOf)).toEqual([])
  })

  test('has everything of every service, and nothing twice', () => {
    for (const kind of ['Deployment', 'Service', 'PodDisruptionBudget', 'ServiceAccount', 'NetworkPolicy', 'ConfigMap'])
      expect([kind, names(resources, kind)]).toEqual([kind, expect.arrayContaining(everyService)])
    expect(names(resources, 'Job')).toEqual(['migrate'])
    expect(names(resources, 'HorizontalPodAutoscaler')).toEqual(overlay === 'large' ? everyService : [])
    const ids = resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    expect(ids).toEqual([...new Set(ids)])
    expect(new Set(resources.filter(({ kind }) => kind !== 'Namespace').map(one => one.metadata.namespace))).toEqual(
      new Set(['spellmesh']),
    )
  })

  test('selectors find pods, and ports that are named are there', () => {
    for (const service of of(resources, 'Service')) {
      const { selector, ports } = specOf<{ selector: Labels; ports: { targetPort: string }[] }>(service)
      const [found, ...more] = pods.filter(({ template }) => fits(selector, template.metadata.labels))
      expect([found?.name, more]).toEqual([service.metadata.name, []])
      const open = found?.template.spec.containers.flatMap(one => one.ports ?? []).map(({ name }) => name)
      expect(open).toEqual(expect.arrayContaining(ports.map(({ targetPort }) => targetPort)))
    }
    for (const budget of of(resources, 'PodDisruptionBudget')) {
      const { selector } = specOf<{ selector: { matchLabels: Labels } }>(budget)
      const found = pods.filter(({ template }) => fits(selector.matchLabels, template.metadata.labels))
      expect(found.map(({ name }) => name)).toEqual([budget.metadata.name])
    }
    for (const scaler of of(resources, 'HorizontalPodAutoscaler')) {
      const { scaleTargetRef, minReplicas, maxReplicas } = specOf<{
        scaleTargetRef: { name: string }
        minReplicas: number
        maxReplicas: number
      }>(scaler)
      expect(names(resources, 'Deployment')).toContain(scaleTargetRef.name)
      expect(minReplicas).toBeLessThan(maxReplicas)
    }
    for (const { name, template } of pods) {
      const { containers, volumes } = template.spec
      const claims = name === 'postgres' ? ['data'] : []
      const known = [...volumes.map(volume => volume.name), ...claims]
      for (const { ports = [], volumeMounts, ...probes } of containers) {
        expect(known).toEqual(expect.arrayContaining(volumeMounts.map(mount => mount.name)))
        const asked = [probes.startupProbe, probes.livenessProbe, probes.readinessProbe].flatMap(
          probe => probe?.httpGet?.port ?? probe?.grpc?.port ?? [],
        )
        const open: readonly (string | number)[] = ports.flatMap(port => [port.name, port.containerPort])
        expect([name, asked.filter(port => !open.includes(port))]).toEqual([name, []])
      }
    }
  })

  test('no pod has more rights than it needs', () => {
    for (const { name, template } of pods) {
      const { spec } = template
      expect([name, spec]).toEqual([
        name,
        expect.objectContaining({
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: expect.objectContaining({
            runAsNonRoot: true,
            seccompProfile: { type: 'RuntimeDefault' },
          }) as unknown,
        }),
      ])
      for (const container of spec.containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        expect(Object.keys(container.resources.requests)).toEqual(['cpu', 'memory'])
        expect(Object.keys(container.resources.limits)).toEqual(['memory'])
      }
    }
    expect(of(resources, 'ServiceAccount').map(one => one['automountServiceAccountToken'])).not.toContain(true)
  })

  test('services have probes, time to drain, and settings that exist', () => {
    for (const { name, template } of ofMesh.filter(one => one.name !== 'migrate')) {
      const [container] = template.spec.containers
      const probes = [container?.startupProbe, container?.livenessProbe, container?.readinessProbe]
      const asked = name === 'edge' ? ['/livez', '/livez', '/readyz'] : [9090, 9090, 9090]
      expect([name, probes.map(probe => probe?.httpGet?.path ?? probe?.grpc?.port)]).toEqual([name, asked])
      expect(container?.args).toEqual([name])
      expect(template.spec.terminationGracePeriodSeconds).toBe(60)
      expect(template.spec.serviceAccountName).toBe(name)
      const told = [
        ...(container?.env ?? []).map(variable => variable.name).filter(variable => variable !== 'POD_IP'),
        ...(container?.envFrom ?? []).flatMap(({ configMapRef }) => {
          const map = of(resources, 'ConfigMap').find(({ metadata }) => metadata.name === configMapRef.name)
          return Object.keys((map?.['data'] ?? {}) as object)
        }),
      ]
      expect([name, told.filter(variable => !settings.has(variable))]).toEqual([name, []])
    }
  })

  test('secrets are referred to, and no value of one is there', () => {
    expect(names(resources, 'Secret')).toEqual([])
    const isSecret = (name: string) => settings.get(name)?.kind === 'secret' || /PASSWORD|KEY|TOKEN/.test(name)
    const told = pods.flatMap(({ template }) => template.spec.containers.flatMap(({ env = [] }) => env))
    const withSecrets = told.filter(({ name }) => isSecret(name))
    expect(withSecrets.length).toBeGreaterThan(services.length)
    const isReference = ({ name, value, valueFrom }: Variable) =>
      value === undefined && valueFrom?.secretKeyRef?.key === name
    expect(withSecrets.filter(one => !isReference(one))).toEqual([])
    const maps = of(resources, 'ConfigMap').flatMap(map => Object.keys((map['data'] ?? {}) as object))
    expect(maps.filter(isSecret)).toEqual([])
  })

  test('who may call whom is who uses whom, and only those with providers reach the internet', () => {
    const policies = of(resources, 'NetworkPolicy')
    const allowed = (from: Labels, to: Labels, port: number) =>
      mayLeave(policies, from, to, port) && mayEnter(policies, from, to, port)
    const labelsOf = (name: string) => pods.find(one => one.name === name)?.template.metadata.labels ?? {}
    const calls = services.flatMap(({ name }) =>
      services.flatMap(other =>
        allowed(labelsOf(name), labelsOf(other.name), 9090) ? [`${name} → ${other.name}`] : [],
      ),
    )
    expect(sorted(calls)).toEqual(sorted(services.flatMap(one => usedBy(one).map(used => `${one.name} → ${used}`))))
    expect(services.filter(one => allowed(labelsOf('migrate'), labelsOf(one.name), 9090))).toEqual([])
    const outside = services.filter(({ name }) => reachesInternet(policies, labelsOf(name)))
    expect(sorted(outside.map(({ name }) => name))).toEqual(ONLINE)
    const anybody = { 'app.kubernetes.io/name': 'anybody' }
    const doors = services.filter(({ name }) => mayEnter(policies, anybody, labelsOf(name), 8080))
    expect(doors.map(({ name }) => name)).toEqual(['edge'])
    expect(services.filter(({ name }) => mayEnter(policies, anybody, labelsOf(name), 9090))).toEqual([])
  })
})

/** Those that reach the internet. Written out, so that one more is somebody's decision. */
const ONLINE = ['completion', 'document', 'huggingface', 'search', 'speech', 'spell-runner', 'weaviate']

interface Rule {
  readonly from?: readonly Peer[]
  readonly to?: readonly Peer[]
  readonly ports?: readonly { readonly port: number }[]
}
interface Peer {
  readonly podSelector?: { readonly matchLabels: Labels }
  readonly namespaceSelector?: object
  readonly ipBlock?: { readonly cidr: string }
}
interface PolicySpec {
  readonly podSelector: {
    readonly matchLabels?: Labels
    readonly matchExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[]
  }
  readonly policyTypes: readonly string[]
  readonly ingress?: readonly Rule[]
  readonly egress?: readonly Rule[]
}

/** The policies of one direction that select a pod. Where there is none, everything is allowed. */
function rulesFor(policies: readonly Resource[], labels: Labels, direction: 'Ingress' | 'Egress') {
  const selecting = policies
    .map(policy => specOf<PolicySpec>(policy))
    .filter(({ policyTypes }) => policyTypes.includes(direction))
    .filter(
      ({ podSelector: { matchLabels = {}, matchExpressions = [] } }) =>
        fits(matchLabels, labels) && matchExpressions.every(({ key, values }) => !values.includes(labels[key] ?? '')),
    )
  if (selecting.length === 0) return undefined
  return selecting.flatMap(spec => (direction === 'Ingress' ? spec.ingress : spec.egress) ?? [])
}

/** Pods of the mesh are told by their labels; addresses are those outside. */
function admits(rules: readonly Rule[] | undefined, peers: 'from' | 'to', labels: Labels, port: number): boolean {
  if (rules === undefined) return true
  return rules.some(
    rule =>
      (rule.ports === undefined || rule.ports.some(one => one.port === port)) &&
      (rule[peers] === undefined ||
        rule[peers].some(
          ({ podSelector, namespaceSelector }) =>
            podSelector !== undefined && namespaceSelector === undefined && fits(podSelector.matchLabels, labels),
        )),
  )
}

function mayLeave(policies: readonly Resource[], from: Labels, to: Labels, port: number): boolean {
  return admits(rulesFor(policies, from, 'Egress'), 'to', to, port)
}

function mayEnter(policies: readonly Resource[], from: Labels, to: Labels, port: number): boolean {
  return admits(rulesFor(policies, to, 'Ingress'), 'from', from, port)
}

function reachesInternet(policies: readonly Resource[], labels: Labels): boolean {
  const rules = rulesFor(policies, labels, 'Egress')
  return rules?.some(({ to }) => to === undefined || to.some(({ ipBlock }) => ipBlock?.cidr === '0.0.0.0/0')) ?? true
}

test('the internet is let in through the gateway, sessions and all', () => {
  const [gateway] = of(built.large, 'Gateway')
  const route = of(built.large, 'HTTPRoute').find(({ metadata }) => metadata.name === 'edge')
  const { parentRefs, rules } = route
    ? specOf<{
        parentRefs: { name: string; sectionName: string }[]
        rules: { backendRefs?: { name: string; port: number }[]; timeouts?: { request: string } }[]
      }>(route)
    : { parentRefs: [], rules: [] }
  expect(parentRefs).toEqual([{ name: gateway?.metadata.name, sectionName: 'https' }])
  const edge = of(built.large, 'Service').find(({ metadata }) => metadata.name === 'edge')
  const ports = edge ? specOf<{ ports: { port: number; appProtocol: string }[] }>(edge).ports : []
  expect(rules.flatMap(({ backendRefs = [] }) => backendRefs)).toEqual([{ name: 'edge', port: ports[0]?.port }])
  expect(rules.at(-1)?.timeouts?.request).toBe('0s')
  expect(ports[0]?.appProtocol).toBe('kubernetes.io/ws')
})

const KUBECTL = 'kubectl'
const hasKubectl = spawnSync(KUBECTL, ['version', '--client']).status === 0

;(hasKubectl ? describe : describe.skip)(`kustomize${hasKubectl ? '' : ' (skipped: no kubectl)'}`, () => {
  test.each(OVERLAYS)('builds %s as this test does', overlay => {
    const { stdout, stderr } = spawnSync(KUBECTL, ['kustomize', `${DEPLOY}k8s/overlays/${overlay}`], {
      encoding: 'utf8',
    })
    const known = names(built[overlay], 'ConfigMap')
    const unhashed = stdout.replace(/\b([a-z-]+)-[a-z0-9]{10}$/gm, (all, name: string) =>
      known.includes(name) ? name : all,
    )
    const resources = unhashed.split(/^---$/m).map(text => parse(text) as Resource)
    const byId = (list: readonly Resource[]) =>
      list.toSorted((one, other) =>
        `${one.kind} ${one.metadata.name}` < `${other.kind} ${other.metadata.name}` ? -1 : 1,
      )
    expect(stderr).toBe('')
    expect(byId(resources)).toEqual(byId(built[overlay]))
  })
})
