/** Emits directly into `emits.<org>`: the same fields as over HTTP, without waiting for the verdict. */
import {
  type Producer as Client,
  default as kafkajs,
  type Message,
  type PartitionerArgs,
  type RecordMetadata,
} from 'kafkajs'
import type { EmitInput } from '../client/types.ts'
import { checkSurrogates } from '../surrogates.ts'
import { type Access, accessOf, openClient } from './access.ts'
import { emitIdOf } from './emit-id.ts'
import { isAnswer } from './kafka-errors.ts'

export type ProducerOptions = Access & { clientId?: string }

/**
 * The position of the record. It has no verdict yet: poll `client.events.custom.emits.get(emitId)`; a refused record
 * goes to quarantine.
 */
export interface Produced {
  emitId: string
  topic: string
  partition: number
  offset: string
}

export interface Producer {
  /**
   * Resolves when the broker has the record, on all replicas. Its own retries after lost answers create no duplicate.
   * When it rejects, the record may have been written nevertheless: emit it again with the same `idempotencyKey`.
   */
  emit(input: EmitInput): Promise<Produced>
  /** In one request; records of one subject keep their order. When it rejects, some may have been written. */
  emitBatch(inputs: readonly EmitInput[]): Promise<void>
  /** Waits for earlier emits. */
  close(): Promise<void>
}

/** Connects. Throws kafkajs's errors: no broker, wrong password, no right to the topic. */
export async function createProducer(options: ProducerOptions): Promise<Producer> {
  const access = accessOf(options)
  const topic = access.topics.emits
  const organizationId = topic.replace(/^emits\./, '')
  const connect = async (): Promise<Client> => {
    const client = openClient(access, options.clientId ?? 'clarion-sdk').producer({
      idempotent: true,
      createPartitioner: pinningPartitioner,
    })
    await client.connect()
    return client
  }
  let client: Client | undefined = await connect()
  let isClosed = false
  let queue: Promise<unknown> = Promise.resolve()
  /** The failure shared by all requests that were waiting at that time. */
  let away: Error | undefined
  let rounds = 0

  /**
   * One request after the other. kafkajs gives a failed request and the next one the same sequence number, and the
   * broker acknowledges the second as a repetition of the first without writing it; so nothing is sent between the
   * attempts of a request, and after a failure the rest is sent by a new producer. When no broker answers, waiting
   * requests fail too, unsent: each would wait as long again.
   */
  function send(messages: Message[]): Promise<RecordMetadata[]> {
    if (isClosed) return Promise.reject(new Error('The producer is closed.'))
    const round = rounds
    const sent = queue.then(async () => {
      if (round !== rounds) throw away
      try {
        client ??= await connect()
        return await client.send({ topic, acks: -1, messages })
      } catch (error) {
        await client?.disconnect().catch(() => undefined)
        client = undefined
        if (!isAnswer(error)) {
          rounds++
          away = error as Error
        }
        throw error
      }
    })
    queue = sent.catch(() => undefined)
    return sent
  }

  return {
    async emit(input) {
      const [metadata] = await send([recordOf(input)])
      const { partition, baseOffset = '0', logAppendTime = '0' } = metadata as RecordMetadata
      const emitId = emitIdOf({
        timestampMs: Number(logAppendTime),
        partition,
        offset: BigInt(baseOffset),
        organizationId,
      })
      return { emitId, topic, partition, offset: baseOffset }
    },
    async emitBatch(inputs) {
      if (inputs.length > 0) await send(inputs.map(recordOf))
    },
    async close() {
      isClosed = true
      await queue
      await client?.disconnect()
    },
  }
}

/**
 * Like Java's clients, but once per record: a retry of a record without a key must go to the same partition, because
 * elsewhere it would not be recognised as a duplicate.
 */
function pinningPartitioner(): (args: PartitionerArgs) => number {
  const choose = kafkajs.Partitioners.DefaultPartitioner()
  return args => {
    args.message.partition ??= choose(args)
    return args.message.partition
  }
}

/**
 * The record in the form that the ingress reads. The payload's JSON is unchanged. Throws a SyntaxError when it is not
 * JSON, and a TypeError for text that UTF-8 cannot represent, which would be replaced.
 */
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
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined)
  for (const [name, text] of given) checkSurrogates(text, name)
  return { key: input.subject ?? null, value: payloadOf(input), headers: Object.fromEntries(given) }
}

function payloadOf({ payload, payloadJson }: EmitInput): string {
  if (payloadJson === undefined) {
    const json = JSON.stringify(payload) as string | undefined
    if (json === undefined) throw new TypeError('An emit needs a payload: `payload` or `payloadJson`.')
    return json
  }
  JSON.parse(payloadJson)
  checkSurrogates(payloadJson, 'payloadJson')
  return payloadJson
}
