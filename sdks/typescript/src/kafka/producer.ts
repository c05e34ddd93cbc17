/** Emitting straight into `emits.<org>`: the same fields as over HTTP, no waiting for the verdict. */
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

/** Where the record is. Not judged yet: ask `client.events.custom.emits.get(emitId)`; what is refused goes to quarantine. */
export interface Produced {
  emitId: string
  topic: string
  partition: number
  offset: string
}

export interface Producer {
  /**
   * Resolves when the broker has the record, on all replicas. Its own repetitions after lost answers make no second one. When it rejects, the
   * record may have been written nevertheless: emit it again with the same `idempotencyKey`.
   */
  emit(input: EmitInput): Promise<Produced>
  /** In one request; records of one subject keep their order. When it rejects, some may have been written. */
  emitBatch(inputs: readonly EmitInput[]): Promise<void>
  /** After what was emitted before. */
  close(): Promise<void>
}

/** Connects. Throws what kafkajs throws: no broker, wrong password, no right to the topic. */
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
  /** The failure that everything shares which was waiting at that time. */
  let away: Error | undefined
  let rounds = 0

  /**
   * One request after the other. kafkajs gives a request that failed and the next one the same sequence number, and the broker acknowledges the
   * second as a repetition of the first without writing it; so nothing is sent between the attempts of a request, and after a failure the rest
   * is sent by a producer that is new to the broker. When no broker answers, what waits fails too, unsent: it would wait as long once more each.
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

/** As Java's clients do, but once for each record: one without a key must not go elsewhere when it is repeated, where nothing tells it from another. */
function pinningPartitioner(): (args: PartitionerArgs) => number {
  const choose = kafkajs.Partitioners.DefaultPartitioner()
  return args => {
    args.message.partition ??= choose(args)
    return args.message.partition
  }
}

/**
 * The record as the ingress reads it. The payload's JSON travels as it is. Throws a SyntaxError when it is not JSON, and a TypeError for text
 * that UTF-8 cannot hold, in whose place something else would be written.
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
