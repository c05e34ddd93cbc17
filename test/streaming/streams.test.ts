/** Streams over logs that the test writes, cuts and grows itself, and over sockets whose peers do not behave. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { WebSocket } from 'ws'
import type { Owner } from '../../src/model/environments.ts'
import { logOf } from '../../src/streaming/streaming.ts'
import { openTestApi, type TestApi } from '../api/api-harness.ts'
import { createClient } from '../support/kafkajs-client.ts'
import { type Frame, isEvent, openStream, type StreamClient } from '../support/stream-client.ts'
import { type LogWriter, type NewEvent, openLogWriter } from './log-writer.ts'

type Organization = Awaited<ReturnType<TestApi['organization']>>

let api: TestApi
let writer: LogWriter
let admin: ReturnType<ReturnType<typeof createClient>['admin']>
const clients = new Set<StreamClient>()
const sockets = new Set<WebSocket>()
beforeAll(async () => {
  // A peer that takes nothing is found within a second.
  api = await openTestApi({ streamTimings: { stalledMs: 500 } })
  writer = await openLogWriter(api.kafka)
  admin = createClient(api.kafka).admin()
  await admin.connect()
}, 60_000)
afterAll(async () => {
  for (const client of clients) client.close()
  for (const socket of sockets) socket.terminate()
  await admin?.disconnect()
  await writer?.close()
  await api?.close()
})

const live = ({ id }: Organization): Owner => ({ organizationId: id, environment: 'live' })
const many = (count: number, more: NewEvent = {}): NewEvent[] => Array.from({ length: count }, () => ({ ...more }))
const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => first + at)
const numbersOf = (frames: readonly Frame[]): number[] => frames.filter(isEvent).map(({ data }) => data.sequence)
const isOfType = (event: string) => (frame: Frame) => frame.event === event

async function stream({ apiKey }: Organization, query: Record<string, string> = {}): Promise<StreamClient> {
  const url = `${api.base}/api/v1/events/stream?${new URLSearchParams({ types: '*', ...query })}`
  const client = await openStream(url, { key: apiKey })
  clients.add(client)
  return client
}

const grow = (organization: Organization, partitions: number) =>
  api.operator('POST', `/api/v1/organizations/${organization.id}/partitions`, { partitions })

/** As retention does. */
async function deleteBefore(organization: Organization, offset: number) {
  const { topic } = logOf(live(organization))
  await admin.fetchTopicOffsets(topic)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
}

describe('a log that gets more partitions', () => {
  it('is read in all of them by the streams that are open, live ones and those behind', async () => {
    const organization = await api.organization('ENTERPRISE')
    await writer.write(live(organization), many(300))
    const open = [await stream(organization), await stream(organization, { from: 'earliest' })]
    await open[1]!.events(300)
    const filtered = await stream(organization, { from: 'earliest', types: 'shop.refund' })
    expect((await grow(organization, 4)).status).toBeLessThan(300)
    const behind = stream(organization, { from: 'earliest' })
    for (const partition of [3, 1, 2, 0, 3])
      await writer.write(live(organization), [{ partition }, { partition, type: 'shop.refund' }])
    const [tail, whole] = open as [StreamClient, StreamClient]
    expect(numbersOf(await tail.events(10)).sort((a, b) => a - b)).toEqual(upTo(301, 310))
    expect(numbersOf(await whole.events(310)).sort((a, b) => a - b)).toEqual(upTo(1, 310))
    expect(numbersOf(await (await behind).events(310)).sort((a, b) => a - b)).toEqual(upTo(1, 310))
    expect(numbersOf(await filtered.events(5)).sort((a, b) => a - b)).toEqual([302, 304, 306, 308, 310])
    for (const { frames } of [tail, whole, filtered]) expect(frames.filter(isOfType('end'))).toEqual([])
    // A cursor of the last event knows all partitions.
    const { id } = (await whole.events(310)).at(-1)!
    const resumed = await stream(organization, { from: id! })
    await writer.write(live(organization), [{ partition: 2 }])
    expect(numbersOf(await resumed.events(1))).toEqual([311])
  })
})

interface Message {
  type: string
  id?: string
  cursor: string
  event: { sequence: number }
  [fact: string]: unknown
}

/** A WebSocket that has subscribed, and keeps its messages. */
async function subscribed({ apiKey }: Organization, query: object) {
  const socket = new WebSocket(`${api.base.replace('http', 'ws')}/api/v1/events/ws`, ['clarion.v1'])
  sockets.add(socket)
  const messages: Message[] = []
  socket.on('message', data => messages.push(JSON.parse(String(data))))
  await new Promise(resolve => socket.once('open', resolve))
  const say = (message: object) => socket.send(JSON.stringify(message))
  say({ type: 'auth', key: apiKey })
  say({ type: 'subscribe', id: 's', types: '*', ...query })
  const until = async (isWanted: (message: Message) => boolean): Promise<Message> => {
    for (;;) {
      const found = messages.find(isWanted)
      if (found !== undefined) return found
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const numbers = () => messages.flatMap(({ type, event }) => (type === 'event' ? [event.sequence] : []))
  return { messages, say, until, numbers }
}

describe('retention that passes a reader', () => {
  /** Its window keeps the reader where it is. */
  async function passed(query: object) {
    const organization = await api.organization('PRO')
    await writer.write(live(organization), many(60))
    const reader = await subscribed(organization, { from: 'earliest', window: 10, ...query })
    const tenth = await reader.until(({ event }) => event?.sequence === 10)
    await deleteBefore(organization, 50)
    reader.say({ type: 'ack', id: 's', cursor: tenth.cursor })
    return { organization, reader }
  }

  it('ends its subscription with the facts of a 410', async () => {
    const { reader, organization } = await passed({})
    const end = await reader.until(({ type }) => type === 'end')
    expect(end).toMatchObject({ id: 's', reason: 'cursor_expired', lostEvents: 40 })
    expect(reader.numbers()).toEqual(upTo(1, 10))
    const again = await organization.call('GET', `/api/v1/events?types=*&cursor=${end.cursor}`)
    expect([again.status, again.body.error?.lostEvents]).toEqual([410, 40])
    expect(again.body.error?.earliestCursor).toBe(end.earliestCursor)
  })

  it('is told in the stream of a client that goes on all the same, which is missing nothing else', async () => {
    const { reader, organization } = await passed({ onExpired: 'continue' })
    const gap = await reader.until(({ type }) => type === 'gap')
    expect(gap).toMatchObject({ id: 's', lostEvents: 40, earliestCursor: gap.cursor })
    await reader.until(({ event }) => event?.sequence === 60)
    expect(reader.numbers()).toEqual([...upTo(1, 10), ...upTo(51, 60)])
    const answer = await organization.call('GET', `/api/v1/events?types=*&cursor=${gap.cursor}`)
    expect([answer.status, answer.data.length]).toEqual([200, 10])
  })
})

describe('a peer', () => {
  it('that vanishes is found by what it does not acknowledge, though its socket takes every write', async () => {
    const organization = await api.organization('PRO')
    const client = await stream(organization)
    client.pause()
    // More than the peer takes, less than the system keeps for it.
    await writer.write(live(organization), many(50, { payload: JSON.stringify({ text: 'x'.repeat(20_000) }) }))
    const open = async () => (await organization.call('GET', '/api/v1/events/streams')).data as Array<{ id: string }>
    while ((await open()).length > 0) await new Promise(resolve => setImmediate(resolve))
    client.resume()
    expect((await client.until(isOfType('end'))).data.reason).toBe('slow_consumer')
  }, 30_000)

  it('that sends messages and takes no answers is not read from until it does', async () => {
    // With half a minute for its peers.
    const patient = await openTestApi()
    const organization = await patient.organization('PRO')
    const socket = new WebSocket(`${patient.base.replace('http', 'ws')}/api/v1/events/ws`, ['clarion.v1'])
    await new Promise(resolve => socket.once('open', resolve))
    let pongs = 0
    socket.on('message', data => {
      if (String(data).includes('"pong"')) pongs++
    })
    socket.send(JSON.stringify({ type: 'auth', key: organization.apiKey }))
    socket.pause()
    const count = 150_000
    const id = 'x'.repeat(100)
    for (let at = 0; at < count; at++) socket.send(`{"type":"ping","id":"${id}"}`)
    // Nothing moves any more, while some of it is still unsent.
    for (let before = -1, same = 0; same < 200; ) {
      same = socket.bufferedAmount === before ? same + 1 : 0
      before = socket.bufferedAmount
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    expect(socket.bufferedAmount).toBeGreaterThan(0)
    socket.resume()
    while (pongs < count && socket.readyState === WebSocket.OPEN) await new Promise(resolve => setImmediate(resolve))
    expect(pongs).toBe(count)
    socket.terminate()
    await patient.close()
  }, 60_000)
})
