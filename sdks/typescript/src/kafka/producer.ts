/** Emitting straight into `emits.<org>` (C.17): the same fields as over HTTP, no waiting for the verdict. */
import { default as kafkajs, type Message, type RecordMetadata } from 'kafkajs'
import type { EmitInput } from '../client/types.ts'
import { type Access, accessOf, openClient } from './access.ts'
import { emitIdOf } from './emit-id.ts'

export type ProducerOptions = Access & { clientId?: string }

/** Where the record is. Not judged yet: ask `client.events.custom.emits.get(emitId)`; what is refused goes to quarantine. */
export interface Produced {
  emitId: string
  topic: string
  partition: number
  offset: string
}

export interface Producer {
  /** Resolves when the broker has the record, on all replicas. Repetitions after lost answers make no second one. */
  emit(input: EmitInput): Promise<Produced>
  /** In one request; records of one subject keep their order. */
  emitBatch(inputs: readonly EmitInput[]): Promise<void>
  close(): Promise<void>
}

/** Connects. Throws what kafkajs throws: no broker, wrong password, no right to the topic. */
export async function createProducer(options: ProducerOptions): Promise<Producer> {
  const access = accessOf(options)
  const topic = access.topics.emits
  const organizationId = topic.replace(/^emits\./, '')
  const producer = openClient(access, options.clientId ?? 'clarion-sdk').producer({
    idempotent: true,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  return {
    async emit(input) {
      const [metadata] = await producer.send({ topic, acks: -1, messages: [recordOf(input)] })
      const { partition, baseOffset = '0', logAppendTime = '0' } = metadata as RecordMetadata
      const emitId = emitIdOf({ timestampMs: Number(logAppendTime), partition, offset: BigInt(baseOffset), organizationId })
      return { emitId, topic, partition, offset: baseOffset }
    },
    async emitBatch(inputs) {
      await producer.send({ topic, acks: -1, messages: inputs.map(recordOf) })
    },
    close: () => producer.disconnect(),
  }
}

/** The record contract of C.17. The payload's JSON travels as it is. */
export function recordOf(input: EmitInput): Message {
  const headers: Record<string, string | undefined> = {
    name: input.name,
    version: input.version,
    'idempotency-key': input.idempotencyKey,
    'ce-subject': input.subject,
    'ce-time': input.time,
    'correlation-id': input.correlationId,
    'chain-token': input.chainToken,
  }
  return {
    key: input.subject ?? null,
    value: input.payloadJson ?? JSON.stringify(input.payload),
    headers: Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  }
}
