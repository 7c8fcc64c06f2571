// Every Deployment of deploy/k8s as a process: its command line and its environment, over the content of the image, NATS and PostgreSQL.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Client, credentials } from '@grpc/grpc-js'
import pg from 'pg'
import { greeter, talking } from '#nodes/examples.suite.ts'
import { readMesh } from '#tools/deploy/mesh.ts'
import { renderSecrets } from '#tools/deploy/secrets.ts'
import { makeImage, startProcess } from './deploy-image.ts'
import type { Image, Running } from './deploy-image.ts'
import { buildKustomization } from './deploy-kustomize.ts'
import { of, podsOf } from './deploy-model.ts'
import type { Container } from './deploy-model.ts'
import { connect, somebody } from './modes.suite.ts'
import { freePort, missingPrograms, startGround } from './processes.ts'
import type { Ground } from './processes.ts'

const resources = buildKustomization(fileURLToPath(new URL('../deploy/k8s/overlays/small', import.meta.url)))
const containers = podsOf(resources)
  .filter(({ template }) => template.metadata.labels['app.kubernetes.io/part-of'] === 'spellmesh')
  .flatMap(({ template }) => template.spec.containers)
const servers = containers.filter(({ name }) => name !== 'migrate')
const secrets = new Map(
  renderSecrets(await readMesh()).map(secret => [secret.metadata?.name ?? '', secret.stringData ?? {}]),
)
const PORTS = ['PORT', 'GRPC_PORT', 'METRICS_PORT']

/** Where things are here: `user:9090` → `127.0.0.1:41234`. */
type Places = ReadonlyMap<string, string>

/** The variables of a container as the kubelet would set them. */
function environmentOf({ env = [], envFrom = [] }: Container): Record<string, string> {
  const maps = of(resources, 'ConfigMap')
  const variables: Record<string, string> = {}
  for (const { configMapRef } of envFrom)
    Object.assign(variables, maps.find(({ metadata }) => metadata.name === configMapRef.name)?.['data'] ?? {})
  for (const { name, value, valueFrom } of env) {
    const { secretKeyRef } = valueFrom ?? {}
    const found = secretKeyRef ? secrets.get(secretKeyRef.name)?.[secretKeyRef.key] : undefined
    if (secretKeyRef && found === undefined && !secretKeyRef.optional)
      throw new Error(`the secret "${secretKeyRef.name}" has no "${secretKeyRef.key}"`)
    const text = found ?? (valueFrom?.fieldRef ? '127.0.0.1' : value)
    if (text !== undefined) variables[name] = text.replace(/\$\((\w+)\)/g, (_, other: string) => variables[other] ?? '')
  }
  return variables
}

/** The same on this computer: every name and every port of the cluster is one of loopback. */
function onLoopback(container: Container, places: Places): Record<string, string> {
  const own = (port: string) => places.get(`${container.name}:${port}`)?.split(':')[1] ?? port
  const mapped = Object.entries(environmentOf(container)).map(([name, value]) => {
    if (PORTS.includes(name)) return [name, own(value)]
    const here = value.replace(/\b127\.0\.0\.1:(\d+)$/, (_, port: string) => `127.0.0.1:${own(port)}`)
    return [name, here.replace(/\b[a-z-]+:\d+\b/g, address => places.get(address) ?? address)]
  })
  return {
    ...(Object.fromEntries(mapped) as Record<string, string>),
    GRPC_HOST: '127.0.0.1',
    METRICS_HOST: '127.0.0.1',
  }
}

async function choosePlaces(ground: Ground): Promise<Places> {
  const places = new Map<string, string>()
  for (const { name, ports = [] } of servers)
    for (const { containerPort } of ports) places.set(`${name}:${containerPort}`, `127.0.0.1:${await freePort()}`)
  places.set('postgres:5432', new URL(ground.settings.DATABASE_URL).host)
  // By its name, as in a cluster.
  places.set('nats:4222', `localhost:${await freePort()}`)
  return places
}

/** The database of the secrets' URLs, owned by a role that may do no more than that. */
async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query('create role spellmesh login')
  await client.query('create database spellmesh owner spellmesh')
  await client.end()
}

/** NATS as the overlay has it: its configuration, with the passwords of its secret. */
function startNats(folder: string, places: Places): Running {
  const map = of(resources, 'ConfigMap').find(({ metadata }) => metadata.name === 'nats-conf')
  const { 'nats.conf': conf } = (map?.['data'] ?? {}) as Record<string, string>
  if (conf === undefined) throw new Error('the overlay has no configuration for NATS')
  writeFileSync(join(folder, 'nats.conf'), conf)
  const port = places.get('nats:4222')?.split(':')[1] ?? ''
  const { PATH = '' } = process.env
  const environment = { PATH, ...secrets.get('nats') }
  return startProcess('nats-server', ['-c', 'nats.conf', '-a', '127.0.0.1', '-p', port], environment, folder)
}

/** What a gRPC probe of the kubelet does. */
function probeGrpc(address: string): Promise<number | undefined> {
  const client = new Client(address, credentials.createInsecure())
  const plain = (bytes: Buffer) => bytes
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      plain,
      plain,
      Buffer.alloc(0),
      { deadline: Date.now() + 20_000 },
      (error, reply) => {
        client.close()
        if (error) reject(error)
        else resolve(reply?.[1])
      },
    ),
  )
}

const missing = missingPrograms()
;(missing.length === 0 ? describe : describe.skip)(
  `the deployments, as processes${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'spellmesh-pods-'))
    let ground: Ground
    let image: Image
    let places: Places
    let nats: Running
    let client: ReturnType<typeof connect> | undefined
    const running = new Map<string, Running>()
    const environments = new Map<string, Record<string, string>>()
    const urlOf = (name: string, port: number) => `http://${places.get(`${name}:${port}`) ?? ''}`

    beforeAll(async () => {
      image = makeImage()
      ground = await startGround()
      await createDatabase(ground.settings.DATABASE_URL)
      places = await choosePlaces(ground)
      nats = startNats(folder, places)
      await nats.ready
      for (const container of containers) {
        const writable = { DATA_DIR: join(folder, container.name), TMPDIR: folder, LOG_LEVEL: 'warn' }
        environments.set(container.name, { ...onLoopback(container, places), ...writable })
      }
    }, 120_000)

    afterAll(async () => {
      client?.close()
      for (const one of running.values()) one.stop()
      await Promise.all([...running.values()].map(one => one.ended))
      nats?.stop()
      await nats?.ended
      await ground?.[Symbol.asyncDispose]()
      image?.[Symbol.dispose]()
      rmSync(folder, { recursive: true, force: true })
    }, 120_000)

    const start = (container: Container) => image.run(container.args ?? [], environments.get(container.name) ?? {})

    test('the job brings the tables up to date, and finds them so the next time', async () => {
      const migrate = containers.find(({ name }) => name === 'migrate')
      for (const attempt of [1, 2]) {
        const job = start(migrate as Container)
        expect([attempt, await job.ended, job.said()]).toEqual([
          attempt,
          0,
          expect.stringMatching(/^the tables are up to date: .*spell-runner.*$/m),
        ])
      }
    }, 120_000)

    test('all start at once, in any order, and their probes answer', async () => {
      for (const container of servers.toReversed()) running.set(container.name, start(container))
      await Promise.all([...running.values()].map(one => one.ready))
      for (const { name, ports = [], ...probes } of servers) {
        const declared = [probes.startupProbe, probes.livenessProbe, probes.readinessProbe]
        const answers = await Promise.all(
          declared.map(async probe => {
            if (probe?.grpc) return probeGrpc(places.get(`${name}:${probe.grpc.port}`) ?? '')
            const port = ports.find(one => one.name === probe?.httpGet?.port)?.containerPort ?? 0
            return (await fetch(`${urlOf(name, port)}${probe?.httpGet?.path ?? ''}`)).status
          }),
        )
        expect([name, answers]).toEqual([name, name === 'edge' ? [200, 200, 200] : [1, 1, 1]])
        const metrics = await fetch(`${urlOf(name, 9464)}/metrics`)
        expect([name, await metrics.text()]).toEqual([name, expect.stringContaining('spellmesh_')])
      }
    }, 120_000)

    test('the health check of the image finds them well', async () => {
      for (const { name } of servers) {
        const check = image.check(environments.get(name) ?? {})
        expect([name, await check.ended, check.said()]).toEqual([name, 0, ''])
      }
    }, 60_000)

    test('somebody registers and runs spells through the edge', async () => {
      const url = urlOf('edge', 8080)
      expect(await (await fetch(url)).text()).toContain('<div id="root">')
      const { token, rest } = await somebody(url)
      const { id } = await rest.createSpell(greeter)
      expect((await rest.startRun(id, { who: 'Ada' })).outputs).toEqual({ greeting: 'Hello Ada' })
      client = connect(url, token)
      const talk = await rest.createSpell(talking)
      await client.openSpell(talk.id)
      const { terminal } = await (await client.startRun(talk.id)).completed
      expect(terminal).toMatchObject({
        kind: 'run.completed',
        outputs: { text: expect.stringContaining('3. ') as unknown },
      })
    }, 60_000)

    test('each ends by itself when it is told to, has written nothing beside its data, and no error', async () => {
      for (const one of running.values()) one.stop()
      for (const [name, one] of running) {
        expect([name, await one.ended]).toEqual([name, 0])
        expect([name, one.said().match(/"level":"(?:error|fatal)".*/g)]).toEqual([name, null])
      }
      expect(image.changed()).toEqual([])
      const check = image.check(environments.get('edge') ?? {})
      expect([await check.ended, check.said()]).toEqual([1, expect.stringContaining('nothing listens at')])
    }, 120_000)
  },
)
