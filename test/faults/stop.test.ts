/** Stopping a platform in the middle of a request. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, expect, it } from '@jest/globals'
import { identifyProcess } from '../../src/embedded/process-identity.ts'
import { partsOf } from '../started-program.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

let platform: TestPlatform | undefined
afterAll(() => platform?.kill())

it('a caller who stops sending in the middle of a body does not hold SIGTERM, which leaves nothing behind, and is not logged as a fault of ours', async () => {
  platform = await startPlatform()
  const { apiKey } = await platform.organization()
  const socket = connect(Number(new URL(platform.base).port), '127.0.0.1').on('error', () => undefined)
  const head = `POST /api/v1/events/custom/emit HTTP/1.1\r\nhost: x\r\nx-api-key: ${apiKey}\r\ncontent-type: application/json\r\n`
  socket.write(`${head}expect: 100-continue\r\ncontent-length: 50\r\n\r\n{"name"`)
  await once(socket, 'data')
  const parts = partsOf(platform.dataDir)
  expect(parts).toHaveLength(2)
  process.kill(platform.pid, 'SIGTERM') // to it alone: a terminal would tell the whole group
  expect(await platform.stop()).toBe(0)
  expect(parts.map(pid => identifyProcess(pid))).toEqual([undefined, undefined])
  expect(platform.log()).not.toContain('"level":50')
}, 120_000)
