import type { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { invalid } from '#mesh/errors.ts'
import type { Handlers } from '#mesh/service.ts'
import type { Catalogue } from './catalogue.ts'
import type { ModelKind } from './provider.ts'
import type { Providers } from './providers.ts'
import type { CompletionSettings } from './settings.ts'

const KINDS: readonly string[] = ['chat', 'embedding', 'image'] satisfies readonly ModelKind[]

/** What there is to choose from. */
export function createListing(
  catalogue: Pick<Catalogue, 'list'>,
  providers: Providers,
  settings: CompletionSettings,
): Handlers<typeof CompletionServiceDefinition>['listModels'] {
  const usual: Readonly<Record<string, string>> = {
    embedding: settings.DEFAULT_EMBEDDING_MODEL,
    image: settings.DEFAULT_IMAGE_MODEL,
  }
  return async ({ kind }, call) => {
    if (kind !== '' && !KINDS.includes(kind))
      throw invalid([{ path: 'kind', message: `"${kind}" is none of ${KINDS.join(', ')}` }])
    const models = await catalogue.list(call)
    return {
      models: models
        .filter(model => kind === '' || model.kind === kind)
        .map(({ abilities = [], ...model }) => ({ ...model, abilities })),
      defaultModel: usual[kind] ?? settings.DEFAULT_MODEL,
      providers: await Promise.all(
        [...providers.known.values()].map(async ({ definition: { name, title, about, secret = '' }, provider }) => {
          const standing = await providers.standing(name, call)
          return {
            name,
            title,
            ready: standing.ready,
            secret: provider?.needsKey === true ? secret : '',
            about: standing.ready ? about : standing.why,
          }
        }),
      ),
    }
  }
}
