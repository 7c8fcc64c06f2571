import { testAutobahn } from './autobahn.suite.ts'
import { loadUws } from './uws.ts'
import { openWs } from './ws.ts'

const numbered = (prefix: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${prefix}${from + index}`)

testAutobahn('ws', async () => openWs, {
  failsSilently: false,
  cases: [
    {
      why: 'it takes 16,384 fragments of one message, so that tiny ones cannot fill the memory; here there are 65,536',
      ids: ['9.3.1', '9.4.1'],
      end: 'close 1008',
      silent: true,
    },
  ],
})

testAutobahn('uWebSockets.js', loadUws, {
  failsSilently: true,
  cases: [
    {
      why: 'it answers a close frame with a wrong code or reason by one without a code, instead of 1002 or 1007',
      ids: ['7.3.2', '7.5.1', ...numbered('7.9.', 1, 9), '7.13.1', '7.13.2'],
      end: 'close',
    },
    {
      why: 'it takes the codes 3000 to 3999, which are for libraries, for none; the connection is closed in order',
      ids: ['7.7.10', '7.7.11'],
      end: 'close',
    },
  ],
})
