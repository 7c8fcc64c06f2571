// For tests: the service as its callers see it.
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { EventServiceDefinition } from '#gen/spellmesh/event/v1/event.ts'
import type { DeepPartial, Event } from '#gen/spellmesh/event/v1/event.ts'
import { loadServices } from '#mesh/discover.ts'
import type { Client } from '#mesh/service.ts'
import { embedded } from '#mesh/testing.ts'
import type { Clients, EmbeddedOptions, TestSystem } from '#mesh/testing.ts'

export type Events = Client<typeof EventServiceDefinition>

/** The service as this user calls it. */
export function eventsOf(where: { as(user: string): Clients }, user: string): Events {
  return where.as(user).client(EventServiceDefinition)
}

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
export const readJson = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString())

/** Of what is large, or waits for others: machines may be busy. */
export const PATIENT = { deadlineMs: 60_000 }

/** Keeps messages of one channel, and answers them. */
export async function say(events: Events, channel: string, ...lines: readonly (string | DeepPartial<Event>)[]) {
  const given = lines.map(line => ({ channel, ...(typeof line === 'string' ? { content: line } : line) }))
  return (await events.append({ events: given }, PATIENT)).events
}

/** Asks again and again until it is so. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(resolve => setTimeout(resolve, 20))
}

/** Resolves when all of a user's events with content are found by meaning. */
export async function indexed(events: Events): Promise<void> {
  await until(async () => {
    const { events: found } = await events.query({ limit: 500 })
    return found.every(one => one.indexed || one.content === '')
  })
}

export const contents = (events: readonly { readonly content: string }[]): readonly string[] =>
  events.map(({ content }) => content)

/** What the service needs but the vector store, which answers, if ever, at this address. */
export async function withStoreAt(address: string, options: EmbeddedOptions = {}): Promise<TestSystem> {
  const declared = await loadServices(['event', 'completion', 'cache', 'huggingface', 'user'])
  return embedded({ ...options, declared, settings: { WEAVIATE_ADDRESS: address, ...options.settings } })
}

/** A port on loopback where nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
