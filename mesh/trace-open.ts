import type { HostSettings } from './host-settings.ts'
import type { Log } from './log.ts'
import type { Metrics } from './telemetry.ts'
import { NO_TRACER } from './trace.ts'
import type { Tracer } from './trace.ts'

/** The tracer that the settings ask for. Where they ask for none, nothing of OpenTelemetry is even loaded. */
export async function openTracerOf(
  settings: HostSettings,
  { services, ...more }: { services: readonly string[]; instance: string; log: Log; metrics: Metrics },
): Promise<Tracer> {
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT
  if (endpoint === '') return NO_TRACER
  const { openTracer } = await import('./trace-otlp.ts')
  const [only, ...others] = services
  return openTracer({
    ...more,
    endpoint,
    headers: settings.OTEL_EXPORTER_OTLP_HEADERS,
    service: settings.OTEL_SERVICE_NAME || (only && others.length === 0 ? `spellmesh-${only}` : 'spellmesh'),
    ratio: settings.OTEL_TRACES_SAMPLER_ARG,
  })
}
