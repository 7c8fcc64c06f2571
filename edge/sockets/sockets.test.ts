import { testSocketServer } from './suite.ts'
import { loadUws } from './uws.ts'
import { openWs } from './ws.ts'

testSocketServer('ws', async () => openWs)
testSocketServer('uWebSockets.js', loadUws)
