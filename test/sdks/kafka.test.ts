/** The Kafka side of the kit, against a running platform. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { type Client, createClient } from '../../sdks/typescript/src/index.ts'
import { emitIdOf } from '../../sdks/typescript/src/kafka/emit-id.ts'
import {
  type Access,
  type Credentials,
  consume,
  createProducer,
  type LogEvent,
} from '../../sdks/typescript/src/kafka/index.ts'
import { emitId } from '../../src/model/ids.ts'
import { createLossySockets, PRODUCE } from '../support/lossy-sockets.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
let organization: TestOrganization
let client: Client
let access: Access
beforeAll(async () => {
  platform = await sharedPlatform()
  organization = await platform.organization('PRO')
  client = createClient({ baseUrl: platform.base, apiKey: organization.apiKey })
  access = { credentials: await client.kafkaCredentials.create({ name: 'kit', access: 'both' }) }
}, 120_000)

describe('an emit by Kafka', () => {
  it('is found by the id that the producer answers, with the verdict that HTTP would have answered', async () => {
    const producer = await createProducer(access)
    const good = await producer.emit({
      name: 'platformxe.generic',
      payload: { kind: 'made' },
      subject: 's-1',
      correlationId: 'c-1',
    })
    const bad = await producer.emit({ name: 'platformxe.generic', payload: { noKind: true } })
    await producer.close()
    const judged = await until(
      () => client.events.custom.emits.get(good.emitId),
      emit => emit.status === 'DELIVERED',
    )
    expect(judged).toMatchObject({ status: 'DELIVERED', subject: 's-1', correlationId: 'c-1', channel: 'kafka' })
    const refused = await until(
      () => client.events.custom.emits.get(bad.emitId),
      emit => emit.status === 'REJECTED',
    )
    expect(refused).toMatchObject({ status: 'REJECTED', code: 'payload_invalid' })
  })

  it('is written once when answers are lost, and so is the one behind it, whether the first was confirmed in the end or not', async () => {
    const { org, call } = await platform.organization('PRO')
    const made = (await call<Credentials>('POST', '/api/v1/kafka-credentials', { name: 'lossy', access: 'both' })).data
    const sockets = createLossySockets()
    const { username, password, topics, groupPrefix = '' } = made
    const fields = {
      brokers: made.bootstrapServers.split(','),
      username,
      password,
      topics,
      groupPrefix,
      socketFactory: sockets.factory as never,
    }
    const producer = await createProducer(fields)
    const emit = (kind: string) => producer.emit({ name: 'platformxe.generic', payload: { kind } })
    sockets.loseNext(PRODUCE)
    const [first, second] = await Promise.all([emit('lost once'), emit('behind it')])
    expect([sockets.lost(), first.offset, second.offset]).toEqual([1, '0', '1'])
    sockets.loseEach(PRODUCE)
    const failing = await Promise.allSettled([emit('never confirmed'), emit('not sent')])
    expect(failing.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    sockets.loseEach(undefined)
    const last = await emit('after it')
    expect(last.offset).toBe('3')
    await producer.close()
    await expect(emit('too late')).rejects.toThrow('closed')
    const seen: LogEvent[] = []
    const reading = await consume({
      credentials: made,
      group: 'lossy',
      fromBeginning: true,
      onEvent: event => void seen.push(event),
    })
    await until(() => seen.length, length => length >= 4) // biome-ignore format: one thought
    await reading.close()
    expect(seen.map(({ kind }) => kind)).toEqual(['lost once', 'behind it', 'never confirmed', 'after it'])
    expect(seen.every(({ organizationId }) => organizationId === org.id)).toBe(true)
  })

  it('of text that UTF-8 cannot hold is refused, as is one without a payload', async () => {
    const producer = await createProducer(access)
    const name = 'platformxe.generic'
    for (const wrong of [
      { name, payloadJson: '{"kind":"\ud800"}' },
      { name, payload: { kind: 'k' }, subject: 'a\udc00' },
      { name, payloadJson: '{"kind":' },
      { name } as never,
    ])
      await expect(producer.emit(wrong)).rejects.toThrow(/surrogate|JSON|payload/)
    await expect(client.events.custom.emit({ name, payloadJson: '{"kind":"\ud800"}' })).rejects.toThrow('surrogate')
    await producer.close()
  })

  it('has the id that the platform gives it, wherever it is', () => {
    const places = [
      { timestampMs: 1_795_231_804_167, partition: 0, offset: 0n },
      { timestampMs: 2 ** 47 + 1, partition: 65_535, offset: 2n ** 47n - 1n },
    ]
    for (const place of places) {
      const expected = {
        ...place,
        offset: Number(place.offset),
        organizationId: 'org_1',
        environment: 'live',
        kind: 'emits',
      } as const
      expect(emitIdOf({ ...place, organizationId: 'org_1' })).toBe(emitId(expected))
    }
  })
})

describe('a credential', () => {
  const failure = (call: Promise<unknown>) => call.then(() => undefined, (error: unknown) => String(error)) // biome-ignore format: one thought
  const emitOnce = async (given: Access) => {
    const producer = await createProducer(given)
    return producer.emit({ name: 'platformxe.generic', payload: { kind: 'k' } }).finally(() => producer.close())
  }

  it('to produce does not read, one to consume does not write, and neither reaches another organization', async () => {
    const produce = await client.kafkaCredentials.create({ name: 'out', access: 'produce' })
    const read = await client.kafkaCredentials.create({ name: 'in', access: 'consume' })
    expect(await failure(consume({ credentials: produce, group: 'no', onEvent: () => undefined }))).toMatch(
      /[Aa]uthoriz/,
    )
    expect(await failure(emitOnce({ credentials: read }))).toMatch(/[Aa]uthoriz/)
    const other = await platform.organization('PRO')
    const topics = { emits: `emits.${other.org.id}`, events: `events.${other.org.id}` }
    expect(await failure(emitOnce({ credentials: { ...produce, topics } }))).toMatch(/[Aa]uthoriz|topic/)
  })

  it('is understood as the properties of Java’s clients and of librdkafka too', async () => {
    const made = await client.kafkaCredentials.create({ name: 'properties', access: 'produce' })
    for (const clientProperties of [made.clientProperties, made.librdkafkaProperties]) {
      const { emitId } = await emitOnce({ clientProperties, organizationId: organization.org.id })
      expect((await client.events.custom.emits.get(emitId)).emitId).toBe(emitId)
    }
    await expect(createProducer({ clientProperties: {}, organizationId: 'org_1' })).rejects.toThrow('bootstrap.servers')
  })

  it('that is deleted gives no access', async () => {
    const credentials = await client.kafkaCredentials.create({ name: 'short-lived', access: 'produce' })
    expect((await client.kafkaCredentials.list()).data.map(each => each.id)).toContain(credentials.id)
    await client.kafkaCredentials.delete(credentials.id)
    const refused = await until(() => failure(emitOnce({ credentials })), Boolean)
    expect(refused).toMatch(/[Aa]uth/)
  })
})

describe('the own log', () => {
  it('is read as it was accepted: in order for a subject, numbered, the payload to the letter', async () => {
    const seen: LogEvent[] = []
    const consumption = await consume({ ...access, group: 'kit-latest', onEvent: event => void seen.push(event) })
    const producer = await createProducer(access)
    const emits = Array.from({ length: 20 }, (_, n) => ({
      name: 'platformxe.generic',
      subject: 'one',
      payloadJson: `{"kind":"k","data":{"n":${n}.50}}`,
    }))
    await producer.emitBatch(emits)
    await producer.close()
    await until(
      () => seen.length,
      length => length >= 20,
    )
    await consumption.close()
    expect(seen.map(event => event.payloadJson)).toEqual(emits.map(emit => emit.payloadJson))
    const first = seen[0]!
    expect(seen.map(event => event.sequence)).toEqual(seen.map((_, index) => first.sequence + index))
    expect(first).toMatchObject({
      type: 'platformxe.generic',
      subject: 'one',
      kind: 'k',
      environment: 'live',
      data: { kind: 'k', data: { n: 0.5 } },
    })
    expect((await until(() => client.events.get(first.id).catch(() => undefined), Boolean))?.emit.sequence).toBe(
      first.sequence,
    )
  })

  it('is read from its beginning by a group that asks for it, and on from where it stopped', async () => {
    await client.events.custom.emit({ name: 'platformxe.generic', payload: { kind: 'before' } })
    const read = async (stopAt: (events: LogEvent[]) => boolean) => {
      const seen: LogEvent[] = []
      const consumption = await consume({
        ...access,
        group: 'kit-resumed',
        fromBeginning: true,
        onEvent: event => void seen.push(event),
      })
      await until(() => stopAt(seen), Boolean)
      await consumption.close()
      return seen
    }
    const before = await read(events => events.some(event => event.kind === 'before'))
    expect(before[0]!.sequence).toBe(1)
    await client.events.custom.emit({ name: 'platformxe.generic', payload: { kind: 'after' } })
    const after = await read(events => events.some(event => event.kind === 'after'))
    expect(after.map(event => event.kind)).toEqual(['after'])
  })
})
