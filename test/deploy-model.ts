// Kubernetes objects as these tests look at them.
import type { Resource } from './deploy-kustomize.ts'

/** Pods and what makes them. */
export interface Pods {
  readonly name: string
  readonly template: {
    readonly metadata: { readonly labels: Labels }
    readonly spec: PodSpec
  }
}
export type Labels = Readonly<Record<string, string>>
interface PodSpec {
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken: boolean
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly terminationGracePeriodSeconds?: number
  readonly volumes: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[]
  readonly containers: readonly Container[]
}
export interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly env?: readonly Variable[]
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[]
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly resources: { readonly requests: object; readonly limits: object }
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
}
interface Probe {
  readonly grpc?: { readonly port: number }
  readonly httpGet?: { readonly path: string; readonly port: string }
}
export interface Variable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string; readonly optional?: boolean }
    readonly fieldRef?: object
  }
}

export const of = (resources: readonly Resource[], kind: string) => resources.filter(one => one.kind === kind)
export const specOf = <T>(resource: Resource) => resource['spec'] as T
export const podsOf = (resources: readonly Resource[]): readonly Pods[] =>
  ['Deployment', 'StatefulSet', 'Job'].flatMap(kind =>
    of(resources, kind).map(one => ({ name: one.metadata.name, template: specOf<Pods>(one).template })),
  )
export const fits = (selector: Labels, labels: Labels) =>
  Object.entries(selector).every(([key, value]) => labels[key] === value)
