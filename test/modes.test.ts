import { describe } from '@jest/globals'
import { embedded } from '#mesh/testing.ts'
import { testSystem } from './modes.suite.ts'
import { missingPrograms, startGround, startMesh } from './processes.ts'

describe('embedded', () => {
  testSystem(() => embedded({ settings: { REGISTRATION: 'open', LOCAL_MODEL_DELAY_MS: '5' } }))
})

const missing = missingPrograms()
;(missing.length === 0 ? describe : describe.skip)(
  `as separate processes over gRPC, NATS and PostgreSQL${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
  () => {
    testSystem(async () => {
      const ground = await startGround()
      const mesh = await startMesh(ground)
      return {
        url: mesh.url,
        async [Symbol.asyncDispose]() {
          await mesh[Symbol.asyncDispose]()
          await ground[Symbol.asyncDispose]()
        },
      }
    })
  },
)
