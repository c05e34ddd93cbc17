/** Deletes and changes of visibility, one by one or in batches: an ack, an extension, or a message that is given back. */
import type { QueueRecord } from '../../../model/queues.ts'
import type { How, QueueMessages, Result } from '../queue-messages.ts'
import type { SqsCall } from './call.ts'
import { failureOf, SqsError } from './errors.ts'
import { type Entry, entriesOf, type Input, numberOf, textOf } from './input.ts'

type Act = 'delete' | 'change'

interface Settling {
  queueOf(call: SqsCall): QueueRecord
  messages: QueueMessages
}

const TIMEOUT_S_MAX = 43_200

export async function settleOne({ queueOf, messages }: Settling, call: SqsCall, act: Act): Promise<object> {
  const queue = queueOf(call)
  const receipt = textOf(call.input, 'ReceiptHandle')
  const [result] = await messages.settle(queue, [receipt], howOf(call.input, act))
  const error = errorOf(result!, act)
  if (error !== undefined) throw error
  return {}
}

interface Order {
  id: string
  receipt: string
  how: How
}

export async function settleBatch({ queueOf, messages }: Settling, call: SqsCall, act: Act): Promise<object> {
  const queue = queueOf(call)
  const failed: object[] = []
  const orders: Order[] = []
  for (const entry of entriesOf(call.input)) {
    const order = orderOf(entry, act)
    if (order instanceof SqsError) failed.push(failure(entry.Id, order))
    else orders.push(order)
  }
  const succeeded: object[] = []
  // Entries of one timeout are one call.
  for (const alike of Map.groupBy(orders, ({ how }) => JSON.stringify(how)).values()) {
    const receipts = alike.map(({ receipt }) => receipt)
    const results = await messages.settle(queue, receipts, alike[0]!.how)
    for (const [at, { id }] of alike.entries()) {
      const error = errorOf(results[at]!, act)
      if (error === undefined) succeeded.push({ Id: id })
      else failed.push(failure(id, error))
    }
  }
  return {
    ...(succeeded.length === 0 ? {} : { Successful: succeeded }),
    ...(failed.length === 0 ? {} : { Failed: failed }),
  }
}

function orderOf(entry: Entry, act: Act): Order | SqsError {
  try {
    return { id: entry.Id, receipt: textOf(entry, 'ReceiptHandle'), how: howOf(entry, act) }
  } catch (error) {
    if (error instanceof SqsError) return error
    throw error
  }
}

/** A timeout of 0 gives the message back. */
function howOf(input: Input, act: Act): How {
  if (act === 'delete') return { as: 'ack' }
  const seconds = numberOf(input, 'VisibilityTimeout', [0, TIMEOUT_S_MAX])
  if (seconds === undefined)
    throw new SqsError('MissingParameter', 'The request must contain the parameter VisibilityTimeout.')
  return seconds === 0 ? { as: 'nack', delayMs: 0 } : { as: 'extend', forMs: seconds * 1_000 }
}

function errorOf({ status }: Result, act: Act): SqsError | undefined {
  if (status === 'receipt_unknown')
    return new SqsError('ReceiptHandleIsInvalid', 'The input receipt handle is not one of this queue.')
  if (status === 'receipt_expired')
    return act === 'delete'
      ? new SqsError(
          'ReceiptHandleIsInvalid',
          'The receipt handle has expired: the message was handed out again, or is dead.',
        )
      : new SqsError('MessageNotInflight', 'The message is not in flight under this receipt handle any more.')
  if (status === 'extension_too_long')
    return new SqsError(
      'InvalidParameterValue',
      'Total VisibilityTimeout for the message is beyond the limit [43200 seconds].',
    )
  if (status === 'already_settled' && act === 'change')
    return new SqsError(
      'InvalidParameterValue',
      'Value for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.',
    )
  return undefined
}

function failure(id: string, error: SqsError): object {
  const { queryError } = failureOf(error)
  return { Id: id, SenderFault: true, Code: queryError.split(';')[0], Message: error.message }
}
