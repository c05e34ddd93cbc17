/** Encodes and decodes InitProducerId 4. */
import { errorName } from './error-codes.ts'
import { compactNullable, flexibleRequest, int16, int32, int64 } from './flexible.ts'
import { KafkaError, type ProducerIdentity, type WireRequest } from './types.ts'

const INIT_PRODUCER_ID = 22
const COORDINATOR_MS = 4_000

const NO_PRODUCER: ProducerIdentity = { producerId: -1n, producerEpoch: -1 }

/** Throws the error of a code that is not 0. */
function check(code: number, of: string): void {
  if (code !== 0) throw new KafkaError(errorName(code), `${of}: ${errorName(code)}`)
}

/** `current`: the producer that continues with the next epoch. */
export function initProducerIdRequest(
  transactionalId: string | null,
  transactionTimeoutMs: number,
  current = NO_PRODUCER,
): WireRequest<ProducerIdentity> {
  return flexibleRequest({
    apiKey: INIT_PRODUCER_ID,
    apiVersion: 4,
    apiName: 'InitProducerId',
    body: [
      compactNullable(transactionalId),
      int32(transactionTimeoutMs),
      int64(current.producerId),
      int16(current.producerEpoch),
    ],
    decode(reader) {
      reader.int32() // throttle time
      check(reader.int16(), `no producer id for ${transactionalId ?? 'an idempotent producer'}`)
      return { producerId: reader.bigint64(), producerEpoch: reader.int16() }
    },
    timeoutMs: COORDINATOR_MS,
  })
}
