// deploy/compose.yaml and deploy/up.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { listServices, loadServices } from '#mesh/discover.ts'
import { settingsOwners } from '#mesh/host-settings.ts'
import { usedBy } from '#mesh/start-order.ts'

const DEPLOY = fileURLToPath(new URL('../deploy/', import.meta.url))
const services = await loadServices(await listServices())

interface ComposeService {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string | null>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly stop_grace_period?: string
  readonly ports?: readonly string[]
  readonly profiles?: readonly string[]
  readonly volumes?: readonly string[]
}

describe('compose.yaml', () => {
  const text = readFileSync(`${DEPLOY}compose.yaml`, 'utf8')
  const compose = parse(text) as { services: Record<string, ComposeService> }
  const ours = Object.entries(compose.services).filter(([, { image }]) => image.startsWith('spellmesh:'))

  test('runs every service in a container of its own, beside what they stand on', () => {
    expect(ours.map(([name]) => name).toSorted()).toEqual([...services.map(({ name }) => name), 'migrate'].toSorted())
    expect(ours.filter(([name, { command }]) => command?.join(' ') !== name)).toEqual([])
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(['nats', 'postgres', 'weaviate-store']))
    expect(compose.services['postgres']?.image).toBe('pgvector/pgvector:pg17')
  })

  test('passes settings that exist, to those that read them', () => {
    const hosts = Object.keys(settingsOwners([])[0]?.settings ?? {})
    for (const [name, { environment = {} }] of ours) {
      const service = services.filter(one => one.name === name)
      const read = settingsOwners(service).flatMap(({ settings: own }) => Object.keys(own))
      expect([name, Object.keys(environment).filter(one => ![...hosts, ...read].includes(one))]).toEqual([name, []])
    }
  })

  test('starts things in order, and only the edge is reached from outside', () => {
    for (const service of services) {
      const waits = compose.services[service.name]?.depends_on ?? {}
      expect([service.name, Object.keys(waits)]).toEqual([
        service.name,
        expect.arrayContaining(['migrate', 'nats', ...usedBy(service)]),
      ])
      expect(Object.keys(waits).filter(name => !Object.hasOwn(compose.services, name))).toEqual([])
    }
    const open = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
      ports.map(port => `${name} ${port}`),
    )
    expect(open).toEqual(['edge ${SPELLMESH_ADDRESS:-127.0.0.1}:${SPELLMESH_PORT:-8080}:8080'])
  })

  test('gives containers no more rights than they need, and holds no secret', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      expect([name, service.security_opt]).toEqual([name, ['no-new-privileges:true']])
      if (service.profiles) continue
      expect([name, service.read_only, service.cap_drop]).toEqual([name, true, ['ALL']])
    }
    const told = Object.values(compose.services).flatMap(({ environment = {} }) =>
      Object.entries(environment).filter(([name]) => /PASSWORD|ALLOWED_KEYS/.test(name)),
    )
    expect(told.length).toBeGreaterThan(services.length)
    expect(told.filter(([, value]) => !/^\$\{[A-Z_]+:\?[^}]+\}$/.test(value ?? ''))).toEqual([])
    expect(text.match(/:\/\/[a-z-]+:(?!\$\{)[^@\s]+@/g)).toBeNull()
  })
})

test('deploy/up makes up what is missing, once, for its owner alone, and starts all', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spellmesh-up-'))
  try {
    for (const name of ['up', 'compose.yaml']) copyFileSync(join(DEPLOY, name), join(folder, name))
    // Stands for Docker's own program, which says what it was asked.
    writeFileSync(join(folder, 'docker'), '#!/bin/sh\necho "$PWD: $*"\n')
    chmodSync(join(folder, 'docker'), 0o755)
    writeFileSync(join(folder, '.env'), 'POSTGRES_PASSWORD=mine\n')
    const { PATH = '' } = process.env
    const up = () =>
      spawnSync(join(folder, 'up'), ['--quiet-pull'], { encoding: 'utf8', env: { PATH: `${folder}:${PATH}` } }).stdout
    const read = () => readFileSync(join(folder, '.env'), 'utf8')
    const asked = up()
    expect(asked).toMatch(/: compose up --build --detach --wait --quiet-pull\n$/)
    const made = new Map(
      read()
        .trim()
        .split('\n')
        .map(line => line.split('=') as [string, string]),
    )
    const needed = [...readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8').matchAll(/\$\{([A-Z_]+):\?/g)]
    expect([...made.keys()].toSorted()).toEqual([...new Set(needed.map(([, name = '']) => name))].toSorted())
    expect(made.get('POSTGRES_PASSWORD')).toBe('mine')
    made.delete('POSTGRES_PASSWORD')
    expect(new Set(made.values()).size).toBe(made.size)
    expect([...made.values()].filter(value => !/^p[0-9a-f]{48}$/.test(value))).toEqual([])
    const before = read()
    expect(up()).toBe(asked)
    expect(read()).toBe(before)
    rmSync(join(folder, '.env'))
    up()
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
