/** A bus over Kafka, on any cluster or with the credential of an organization. */
import type { Kafka, Producer } from 'kafkajs'
import type { BusOptions } from '../bus-base.ts'
import { systemClock } from '../clock.ts'
import { DurableBus } from '../durable/durable-bus.ts'
import type { Reader, Session, Transport } from '../durable/transport.ts'
import type { Event } from '../event.ts'
import { Reading } from './reading.ts'
import { recordOf } from './record.ts'
import { Sender } from './sender.ts'
import { type KafkaSession, loadKafkajs, openSession } from './session.ts'

/** kafkajs's `Kafka`. Named by its shape, so that who uses another bus compiles without kafkajs. */
export interface KafkaClient {
  producer(config?: object): object
  consumer(config: object): object
}

export interface KafkaBusOptions extends BusOptions {
  /** kafkajs's client: brokers, login and TLS are its own. */
  kafka: KafkaClient
  /** Where events are written: `emits.<org>` with the credential of an organization. */
  publishTopic: string
  /** Where they are read: `events.<org>`. The same topic on a cluster of your own. */
  readTopic: string
  /** Members of a group share the log and continue where it stopped. With a credential it begins with `<org>.`. */
  groupId: string
  /** A new group begins with the oldest event that is kept; by default with the next one. */
  fromBeginning?: boolean
  /** So long after a member was killed its partitions go to another one, or to its next start. Default 30,000; brokers take no less than 6,000. */
  sessionTimeoutMs?: number
  /** `source` of the CloudEvents: a URI reference. Default `/bus`. */
  source?: string
}

const SESSION_TIMEOUT_MS = 30_000

/** `publish` resolves when all replicas in sync have the record, so before the verdict of a platform: what is refused is in its quarantine. */
export class KafkaBus extends DurableBus {
  constructor(options: KafkaBusOptions) {
    for (const name of ['publishTopic', 'readTopic', 'groupId'] as const)
      if (typeof options[name] !== 'string' || options[name] === '') throw new TypeError(`KafkaBus needs ${name}`)
    super(new KafkaTransport(options), options)
  }
}

class KafkaTransport implements Transport {
  readonly #options: KafkaBusOptions
  readonly #sender: Sender
  readonly #reading: Reading
  #last: KafkaSession | undefined

  constructor(options: KafkaBusOptions) {
    const { kafka, readTopic, publishTopic, clock = systemClock } = options
    this.#options = options
    this.#sender = new Sender(publishTopic, () => connectProducer(kafka as Kafka))
    const tenantId = /^events\.(.+)$/.exec(readTopic)?.[1] ?? null
    this.#reading = new Reading({ topic: readTopic, tenantId, clock })
  }

  send(event: Event): Promise<void> {
    return this.#sender.send(recordOf(event, this.#options.source ?? '/bus'))
  }

  async open(reader: Reader): Promise<Session> {
    const { kafka, readTopic, groupId, fromBeginning = false, sessionTimeoutMs = SESSION_TIMEOUT_MS } = this.#options
    this.#last = await openSession({
      kafka: kafka as Kafka,
      topic: readTopic,
      groupId,
      sessionTimeoutMs,
      startFromBeginning: this.#last === undefined ? fromBeginning : undefined,
      formerMember: this.#last?.memberId(),
      reading: this.#reading,
      reader,
    })
    return this.#last
  }

  close(): Promise<void> {
    return this.#sender.close()
  }
}

async function connectProducer(kafka: Kafka): Promise<Producer> {
  const { Partitioners } = await loadKafkajs()
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  return producer
}
