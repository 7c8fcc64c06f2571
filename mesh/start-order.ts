import type { NamedService } from './discover.ts'

/** The folder name of a key in `uses`: `spellRunner` → `spell-runner`. */
export function toFolderName(key: string): string {
  return key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** The setting that says where a service is: `spell-runner` → `SPELL_RUNNER_ADDRESS`. */
export function toAddressSetting(service: string): string {
  return `${service.replaceAll('-', '_').toUpperCase()}_ADDRESS`
}

/** The services that a service uses, by folder name. */
export function usedBy(service: NamedService): readonly string[] {
  return Object.keys(service.declaration.uses).map(toFolderName)
}

/** Orders services so that each comes after those it uses. Throws naming the cycle where there is one. */
export function inStartOrder(services: readonly NamedService[]): readonly NamedService[] {
  const byName = new Map(services.map(service => [service.name, service]))
  const ordered = new Set<NamedService>()
  const visit = (service: NamedService, path: readonly string[]) => {
    if (path.includes(service.name)) {
      throw new Error(
        `services use each other in a circle: ${[...path.slice(path.indexOf(service.name)), service.name].join(' → ')}`,
      )
    }
    if (ordered.has(service)) return
    for (const name of usedBy(service)) {
      const used = byName.get(name)
      if (used) visit(used, [...path, service.name])
    }
    ordered.add(service)
  }
  for (const service of services) visit(service, [])
  return [...ordered]
}
