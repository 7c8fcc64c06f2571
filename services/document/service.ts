import { CompletionServiceDefinition } from '#gen/spellmesh/completion/v1/completion.ts'
import { DocumentServiceDefinition } from '#gen/spellmesh/document/v1/document.ts'
import { WeaviateServiceDefinition } from '#gen/spellmesh/weaviate/v1/weaviate.ts'
import { defineService, migrations } from '#mesh/service.ts'
import { createCollectionHandlers } from './collections/handlers.ts'
import { createHandlers } from './handlers.ts'
import { openDocuments } from './open.ts'
import { SETTINGS } from './settings.ts'

export default defineService({
  contract: DocumentServiceDefinition,
  settings: SETTINGS,
  uses: { completion: CompletionServiceDefinition, weaviate: WeaviateServiceDefinition },
  schema: migrations(import.meta.url),
  async start(environment) {
    const parts = await openDocuments(environment)
    return { ...createHandlers(parts, environment), ...createCollectionHandlers(parts) }
  },
})
