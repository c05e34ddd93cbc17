/**
 * A process that handles errors as `src/main.ts` does, with a small API whose handlers and a processor whose task leave errors behind. It
 * reports its port, and the shards that were made to fail.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createResponder } from '../../src/api/emits/raw-response.ts'
import { createApp } from '../../src/api/http/app.ts'
import { createRates } from '../../src/api/http/rates.ts'
import type { Route } from '../../src/api/http/route.ts'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import type { ShardHandle, ShardTask } from '../../src/kafka/ports.ts'
import { asShardWork } from '../../src/kafka/runtime/shard-work.ts'
import { createLogger } from '../../src/logger.ts'
import { createIds } from '../../src/model/ids.ts'
import { createUnhandled } from '../../src/process/unhandled.ts'
import { runAs } from '../../src/process/work.ts'
import { PATIENT_SERVER } from './patient-server.ts'

const clock = createSystemClock()
const logger = createLogger('error')
const unhandled = createUnhandled({ logger, onFatal: () => process.exit(1) })
process.on('uncaughtException', unhandled.onError)
process.on('unhandledRejection', unhandled.onError)

const failed: string[] = []
const leaveRejection = async () => {
  await clock.sleep(1)
  throw new Error('left behind')
}
const throwLater = () => void setTimeout(() => throwNow(), 1)
const throwNow = () => {
  throw new Error('left behind')
}

const nothing = () => undefined
const handle = {
  role: 'admit',
  shard: 3,
  fail: (error: Error) => void failed.push(error.message),
} as unknown as ShardHandle
const task: ShardTask = {
  restore: nothing,
  start: nothing,
  receive: () => void leaveRejection(),
  seal: () => [],
  committed: throwLater,
  close: nothing,
}
const opened = asShardWork({ role: 'admit', stateTopics: [], open: () => task }).open(handle)

const acts: Record<string, () => void> = {
  rejection: () => void leaveRejection(),
  exception: throwLater,
  shard: () => runAs(undefined, () => opened.receive([], 0, false)),
  'shard-exception': () => runAs(undefined, () => opened.committed?.()),
  nobody: () => runAs(undefined, () => void leaveRejection()),
}
const base = { access: 'public', summary: '' } as const
const routes: Route[] = Object.entries(acts).map(([name, act]) => ({
  ...base,
  method: 'GET',
  path: `/${name}`,
  handle: () => {
    act()
    return { data: null }
  },
}))
routes.push({ ...base, method: 'GET', path: '/seen', handle: () => ({ data: { failed, counts: unhandled.counts() } }) })
const ids = createIds({ clock, random: createSystemRandom() })
const authenticate = () =>
  ({ kind: 'key', key: { scopes: ['events:emit'] }, organization: { id: 'org' }, viaAlias: false }) as never
const respond = createResponder({ authenticate, ids, logger })
const direct = respond(1_000, async () => {
  void leaveRejection()
  return { status: 202, json: '{}', emitId: undefined }
})
routes.push({ ...base, method: 'POST', path: '/direct', direct })

const server = createServer(
  PATIENT_SERVER,
  createApp({ authenticate, rates: createRates({ clock }), ids, clock, logger, onAnswer: nothing }, routes),
)
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
