import { NATS_IMAGE, POSTGRES_IMAGE } from './ground.ts'
import { addressesOf, HTTP_PORT, passwordOf } from './mesh.ts'
import type { Deployed } from './mesh.ts'

const WEAVIATE_IMAGE = 'cr.weaviate.io/semitechnologies/weaviate:1.32.4'

/** Settings that the image or compose.yaml decides. */
const FIXED = /^(DATA_DIR|HOST|PORT|GRPC_.*|METRICS_.*|OTEL_SERVICE_NAME)$/

/** The whole mesh on one machine: every service in a container of its own. */
export function renderCompose(services: readonly Deployed[], version: string): object {
  return {
    name: 'spellmesh',
    services: {
      ...Object.fromEntries(services.map(service => [service.name, container(service, version)])),
      migrate: migration(version),
      nats: nats(services),
      postgres: postgres(),
      'weaviate-store': weaviateStore(),
    },
    networks: { mesh: {} },
    volumes: { postgres: {}, 'weaviate-store': {} },
  }
}

function container(service: Deployed, version: string) {
  const { name, uses, isDoor, settings, secrets } = service
  const passed = [...settings, ...secrets.filter(({ required }) => !required).map(secret => secret.name)]
  return {
    ...program(version),
    command: [name],
    environment: {
      DATABASE_URL,
      NATS_URL: `nats://${name}:${needed(passwordOf(name))}@nats:4222`,
      ...addressesOf(service),
      // Without a value: as the shell or .env has it, if they do.
      ...Object.fromEntries(passed.filter(one => !FIXED.test(one)).map(one => [one, null])),
    },
    ...(isDoor ? { ports: [`\${SPELLMESH_ADDRESS:-127.0.0.1}:\${SPELLMESH_PORT:-${HTTP_PORT}}:${HTTP_PORT}`] } : {}),
    depends_on: {
      migrate: { condition: 'service_completed_successfully' },
      nats: { condition: 'service_healthy' },
      ...Object.fromEntries(uses.map(one => [one, { condition: 'service_healthy' }])),
    },
    restart: 'unless-stopped',
    stop_grace_period: '60s',
  }
}

function migration(version: string) {
  return {
    ...program(version),
    command: ['migrate'],
    environment: { DATABASE_URL },
    depends_on: { postgres: { condition: 'service_healthy' } },
    restart: 'on-failure',
    healthcheck: { disable: true },
  }
}

/** The one image of all services. */
function program(version: string) {
  return {
    image: `spellmesh:${version}`,
    build: { context: '..', dockerfile: 'deploy/Dockerfile' },
    ...HARDENED,
    tmpfs: ['/tmp', '/data:mode=1777'],
  }
}

function nats(services: readonly Deployed[]) {
  return {
    image: NATS_IMAGE,
    ...HARDENED,
    user: '65534:65534',
    command: ['-c', '/etc/nats/nats.conf', '-m', '8222'],
    environment: Object.fromEntries(services.map(({ name }) => [passwordOf(name), needed(passwordOf(name))])),
    volumes: ['./nats/nats.conf:/etc/nats/nats.conf:ro'],
    healthcheck: healthcheck(['CMD', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8222/healthz']),
    restart: 'unless-stopped',
  }
}

function postgres() {
  return {
    image: POSTGRES_IMAGE,
    ...HARDENED,
    user: 'postgres',
    environment: {
      POSTGRES_USER: 'spellmesh',
      POSTGRES_DB: 'spellmesh',
      POSTGRES_PASSWORD: needed('POSTGRES_PASSWORD'),
    },
    tmpfs: ['/tmp', '/run/postgresql:mode=1777'],
    volumes: ['postgres:/var/lib/postgresql/data'],
    shm_size: '256mb',
    healthcheck: healthcheck(['CMD', 'pg_isready', '-U', 'spellmesh', '-d', 'spellmesh']),
    restart: 'unless-stopped',
    stop_grace_period: '60s',
  }
}

/** It starts where `COMPOSE_PROFILES=knowledge` asks for it; our service `weaviate` uses it where `WEAVIATE_URL` names it, and pgvector otherwise. */
function weaviateStore() {
  return {
    image: WEAVIATE_IMAGE,
    profiles: ['knowledge'],
    networks: ['mesh'],
    security_opt: ['no-new-privileges:true'],
    command: ['--host', '0.0.0.0', '--port', '8080', '--scheme', 'http'],
    environment: {
      PERSISTENCE_DATA_PATH: '/var/lib/weaviate',
      AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED: 'false',
      AUTHENTICATION_APIKEY_ENABLED: 'true',
      AUTHENTICATION_APIKEY_ALLOWED_KEYS: needed('WEAVIATE_API_KEY'),
      AUTHENTICATION_APIKEY_USERS: 'spellmesh',
      DEFAULT_VECTORIZER_MODULE: 'none',
      AUTOSCHEMA_ENABLED: 'false',
      CLUSTER_HOSTNAME: 'weaviate-store',
    },
    volumes: ['weaviate-store:/var/lib/weaviate'],
    healthcheck: healthcheck(['CMD', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8080/v1/.well-known/ready']),
    restart: 'unless-stopped',
  }
}

const HARDENED = {
  networks: ['mesh'],
  read_only: true,
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
}

const DATABASE_URL = `postgres://spellmesh:${needed('POSTGRES_PASSWORD')}@postgres:5432/spellmesh`

/** A variable without which compose refuses to start. deploy/up makes it up. */
function needed(name: string): string {
  return `\${${name}:?run deploy/up}`
}

function healthcheck(test: readonly string[]) {
  return { test, interval: '5s', timeout: '5s', retries: 12, start_period: '30s' }
}
