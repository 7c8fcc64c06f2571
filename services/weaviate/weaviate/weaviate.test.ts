import { describe } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import { testDriver } from '../provider.suite.ts'
import { openWeaviateServer } from './weaviate-server.suite.ts'

describe('a Weaviate, as its published definitions have it', () => {
  testDriver({
    driver: 'weaviate',
    vectors: true,
    async open() {
      const server = await openWeaviateServer()
      const system = await embedded({ services: ['weaviate'], settings: server.settings })
      return {
        as: user => system.as(user),
        async stop() {
          await system.stop()
          await server[Symbol.asyncDispose]()
        },
      }
    },
  })
})

const { WEAVIATE_TEST_URL = '', WEAVIATE_TEST_GRPC_URL = '', WEAVIATE_TEST_API_KEY = '' } = process.env

;(WEAVIATE_TEST_URL === '' ? describe.skip : describe)(
  `a real Weaviate${WEAVIATE_TEST_URL === '' ? ' (skipped: no WEAVIATE_TEST_URL)' : ''}`,
  () => {
    testDriver({
      driver: 'weaviate',
      vectors: true,
      open: () =>
        embedded({
          services: ['weaviate'],
          settings: {
            WEAVIATE_URL: WEAVIATE_TEST_URL,
            WEAVIATE_GRPC_URL: WEAVIATE_TEST_GRPC_URL,
            WEAVIATE_API_KEY: WEAVIATE_TEST_API_KEY,
          },
        }),
    })
  },
)
