import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import avro from 'avsc'
import { KEY_REMEMBERED_MS } from '../../processors/admit/admission-state.ts'
import { nameOf, TOPOLOGY } from '../../processors/topology.ts'
import { inputPositionCodec, organizationCountersCodec } from '../../topics/admission-counters.ts'
import { deferredEmitCodec } from '../../topics/admission-deferred.ts'
import { admissionKeys, admissionKeysCodec } from '../../topics/admission-keys.ts'
import { relayProgressCodec, waitingEventCodec } from '../../topics/admission-relays.ts'
import { auditAttemptsCodec } from '../../topics/audit-attempts.ts'
import { auditChangesCodec } from '../../topics/audit-changes.ts'
import { auditEmitsCodec } from '../../topics/audit-emits.ts'
import { auditMetersCodec } from '../../topics/audit-meters.ts'
import { auditNotificationsCodec } from '../../topics/audit-notifications.ts'
import { auditRelaysCodec } from '../../topics/audit-relays.ts'
import { auditReplaysCodec } from '../../topics/audit-replays.ts'
import { auditRunsCodec } from '../../topics/audit-runs.ts'
import { avroCodec, fingerprint, nullable } from '../../topics/avro.ts'
import { deliveryRecordCodec } from '../../topics/deliveries.ts'
import { deliveryCommandCodec } from '../../topics/deliveries-commands.ts'
import { deadLettersCodec } from '../../topics/deliveries-dead-letter.ts'
import { RETRY_TIERS, retryRecordCodec } from '../../topics/deliveries-retry.ts'
import {
  earlyBlockCodec,
  owedBlockCodec,
  parkedWebhookCodec,
  redriveStateCodec,
  replayStateCodec,
} from '../../topics/delivery-catch-ups.ts'
import {
  askedDeliveryCodec,
  deliveryPositionCodec,
  doneBlockCodec,
  endpointStateCodec,
  failedBlockCodec,
  laneStateCodec,
  openEventCodec,
  pendingNoticeCodec,
  webhookHealthCodec,
} from '../../topics/delivery-state.ts'
import { domainCommandCodec } from '../../topics/domain-commands.ts'
import { domainEntryCodec, domainKeyCodec, domainNumbersCodec } from '../../topics/domain-state.ts'
import { ORGANIZATION_TOPICS, SHARED_TOPICS } from '../../topics/index.ts'
import { channelStateCodec, pendingNotificationCodec, seenKeyCodec } from '../../topics/notification-state.ts'
import { notificationRecordCodec } from '../../topics/notifications.ts'
import { outcomesCodec, pausesCodec } from '../../topics/outcomes.ts'
import { platformEmitCodec } from '../../topics/platform-emits.ts'
import { queueCommandCodec } from '../../topics/queues-commands.ts'
import { queueAnswersCodec, queueGroupCodec, queueHeadCodec, queuePositionCodec } from '../../topics/queues-state.ts'
import { recordStateCodec } from '../../topics/record-state.ts'
import { responsesCodec } from '../../topics/responses.ts'
import { runEntryCodec } from '../../topics/run-journal.ts'
import {
  runCallKeyCodec,
  runDelayedEmitCodec,
  runPaceCodec,
  runPositionCodec,
  runScheduleCodec,
} from '../../topics/run-state.ts'
import { runInputCodec } from '../../topics/runs.ts'
import { runCommandCodec } from '../../topics/runs-commands.ts'
import { shards } from '../../topics/shards.ts'
import { presenceCodec } from '../../topics/streams-presence.ts'

const ALL = [...SHARED_TOPICS, ...ORGANIZATION_TOPICS]
const CODECS = {
  parkedWebhookCodec,
  owedBlockCodec,
  earlyBlockCodec,
  replayStateCodec,
  redriveStateCodec,
  endpointStateCodec,
  failedBlockCodec,
  deadLettersCodec,
  organizationCountersCodec,
  inputPositionCodec,
  admissionKeysCodec,
  waitingEventCodec,
  relayProgressCodec,
  deferredEmitCodec,
  pausesCodec,
  auditAttemptsCodec,
  auditChangesCodec,
  auditEmitsCodec,
  auditRelaysCodec,
  auditMetersCodec,
  auditNotificationsCodec,
  notificationRecordCodec,
  pendingNotificationCodec,
  channelStateCodec,
  seenKeyCodec,
  auditReplaysCodec,
  auditRunsCodec,
  runEntryCodec,
  runPositionCodec,
  runPaceCodec,
  runScheduleCodec,
  runCallKeyCodec,
  runDelayedEmitCodec,
  runInputCodec,
  runCommandCodec,
  responsesCodec,
  domainCommandCodec,
  domainEntryCodec,
  domainKeyCodec,
  domainNumbersCodec,
  queueCommandCodec,
  queueAnswersCodec,
  queuePositionCodec,
  queueHeadCodec,
  queueGroupCodec,
  deliveryRecordCodec,
  retryRecordCodec,
  deliveryCommandCodec,
  askedDeliveryCodec,
  laneStateCodec,
  pendingNoticeCodec,
  webhookHealthCodec,
  deliveryPositionCodec,
  doneBlockCodec,
  openEventCodec,
  outcomesCodec,
  platformEmitCodec,
  recordStateCodec,
  presenceCodec,
}

describe('every topic', () => {
  it('has a legal name of its own, dots between and dashes inside', () => {
    const names = SHARED_TOPICS.map(topic => topic.name)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-z]+(\.[a-z0-9-]+)*$/)
  })

  it('is in a file of its name, and no file is left over', () => {
    const files = readdirSync(new URL('../../topics', import.meta.url)).filter(
      file => file.endsWith('.ts') && !['avro.ts', 'index.ts', 'topic.ts'].includes(file),
    )
    const expected = new Set(
      ALL.map(topic =>
        nameOf(topic)
          .replace(/\.<org>$/, '')
          .replace(/^deliveries\.retry-.*/, 'deliveries.retry')
          .replaceAll('.', '-'),
      ),
    )
    expect(files.map(file => file.slice(0, -3)).sort()).toEqual([...expected].sort())
  })

  it('has a meaning and a retention', () => {
    for (const topic of ALL) {
      expect(topic.meaning).toMatch(/^[A-Z].*\.$/)
      expect(topic.cleanup === 'compact' || (topic.retentionMs ?? 0) > 0).toBe(true)
    }
  })

  it('takes its time from the broker wherever time is read from it', () => {
    const stamped = ALL.filter(topic => topic.logAppendTime).map(nameOf)
    expect(stamped.sort()).toEqual(
      [
        'deliveries',
        'deliveries.dead-letter',
        'emits.<org>',
        'notifications',
        'platform.emits',
        'processes',
        'streams.presence',
        ...RETRY_TIERS.map(tier => tier.topic.name),
      ].sort(),
    )
  })

  it('names as its readers and writers those of the topology, and the organization itself', () => {
    for (const topic of ALL.filter(each => each !== shards)) {
      const users = (side: 'reads' | 'writes') =>
        TOPOLOGY.filter(
          ({ state, ...station }) => station[side].includes(topic) || state.some(each => each === topic),
        ).map(({ role }) => role)
      const roles = (listed: readonly string[]) => listed.filter(each => each !== 'organization').sort()
      expect([nameOf(topic), 'from', roles(topic.producers)]).toEqual([nameOf(topic), 'from', users('writes').sort()])
      expect([nameOf(topic), 'to', roles(topic.consumers)]).toEqual([nameOf(topic), 'to', users('reads').sort()])
    }
  })

  it('belongs to an organization itself only where each organization has its own', () => {
    const used = ALL.filter(({ producers, consumers }) => [...producers, ...consumers].includes('organization'))
    expect(used).toEqual(ORGANIZATION_TOPICS)
  })
})

it('retry tiers are in order, the shortest first', () => {
  const delays = RETRY_TIERS.map(tier => tier.delayMs)
  expect(delays).toEqual([...delays].sort((a, b) => a - b))
})

it('a changelog is compacted, or outlives its state', () => {
  const remembered = new Map([[admissionKeys, KEY_REMEMBERED_MS]])
  for (const topic of TOPOLOGY.flatMap(station => station.state)) {
    const lastsLongEnough =
      topic.cleanup === 'compact' || topic.retentionMs! > (remembered.get(topic) ?? Number.POSITIVE_INFINITY)
    expect([topic.name, lastsLongEnough]).toEqual([topic.name, true])
  }
})

describe('every Avro schema', () => {
  const released = JSON.parse(
    readFileSync(new URL('../../topics/released-schemas.json', import.meta.url), 'utf8'),
  ) as Record<string, avro.Schema[]>
  const versionsOf = (codec: { schema: unknown }) =>
    released[avro.Type.forSchema(codec.schema as avro.Schema).name ?? ''] ?? []

  it.each(Object.entries(CODECS))(
    '%s reads what each release wrote, and was itself released before it is written',
    (_name, codec) => {
      const now = avro.Type.forSchema(codec.schema as avro.Schema)
      const versions = versionsOf(codec)
      for (const version of versions) {
        const then = avro.Type.forSchema(version)
        const written = avroCodec(version, []).encode(then.random())
        expect(() => codec.decode(written)).not.toThrow()
        expect(() => then.createResolver(now)).not.toThrow()
      }
      expect(versions.map(version => JSON.stringify(avro.Type.forSchema(version).schema()))).toContain(
        JSON.stringify(now.schema()),
      )
    },
  )
})

describe('an Avro record', () => {
  const first = { type: 'record', name: 'Thing', namespace: 'test', fields: [{ name: 'bytes', type: 'bytes' }] }
  const second = { ...first, fields: [...first.fields, { name: 'note', ...nullable('string') }] }

  it('names its schema as the specification has it', () => {
    expect(fingerprint('"null"')).toBe(0x63dd24e7cc258f8an)
    expect(
      avroCodec(first)
        .encode({ bytes: Buffer.from('x') })
        .toString('hex', 0, 2),
    ).toBe('c301')
  })

  it('of an earlier release is read with what was added since at its default', () => {
    const old = avroCodec(first).encode({ bytes: Buffer.from('kept') })
    expect(avroCodec(second, [first]).decode(old)).toEqual({ bytes: Buffer.from('kept'), note: null })
  })

  it('of a schema that is not known, cut short or run on is refused', () => {
    const codec = avroCodec(first)
    const bytes = codec.encode({ bytes: Buffer.from('x') })
    expect(() => codec.decode(avroCodec(second).encode({ bytes: Buffer.from('x'), note: 'n' }))).toThrow(
      'newer release',
    )
    expect(() => codec.decode(bytes.subarray(0, -1))).toThrow()
    expect(() => codec.decode(Buffer.concat([bytes, Buffer.from([0])]))).toThrow()
    expect(() => codec.decode(Buffer.alloc(3))).toThrow()
  })

  it('may be larger than any before it', () => {
    const codec = avroCodec<{ bytes: Buffer }>(first)
    for (const length of [10, 3_000_000, 20])
      expect(codec.decode(codec.encode({ bytes: Buffer.alloc(length, 7) })).bytes).toHaveLength(length)
  })
})
