import { expect, test } from '@jest/globals'
import { createMemoryBus } from '#mesh/bus-memory.ts'
import { createLog } from '#mesh/log.ts'
import { createRemoteCommands } from './commands.ts'

test('what the bus could not carry is refused, and nobody waits for an answer to it', async () => {
  const log = createLog('error')
  const commands = createRemoteCommands(createMemoryBus(log), () => undefined, log)
  await expect(
    commands.ask('r_1', 'u_ada', { kind: 'send', name: 'chat', message: 'x'.repeat(1_000_000) }),
  ).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    problems: [
      { path: 'message', message: expect.stringMatching(/^takes 1000\d{3} bytes; at most 1000000$/) as unknown },
    ],
  })
  commands.close()
})
