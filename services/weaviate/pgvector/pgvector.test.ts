import { describe } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import { testDriver } from '../provider.suite.ts'

describe('pgvector in PGlite', () => {
  testDriver({ driver: 'pgvector', vectors: true, open: () => embedded({ services: ['weaviate'] }) })
})
