/** Errors as clients of SQS know them: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html */
import { ClarionError } from '../../../model/codes.ts'

interface Shape {
  status?: number
  /** Its name in the older query protocol, by which clients compare it, where that is another. */
  queryCode?: string
}

const SQS = 'com.amazonaws.sqs'
const COMMON = 'com.amazon.coral.service'

const SHAPES = {
  QueueDoesNotExist: { queryCode: 'AWS.SimpleQueueService.NonExistentQueue' },
  ReceiptHandleIsInvalid: {},
  MessageNotInflight: { queryCode: 'AWS.SimpleQueueService.MessageNotInflight' },
  OverLimit: {},
  RequestThrottled: {},
  InvalidAttributeName: {},
  EmptyBatchRequest: { queryCode: 'AWS.SimpleQueueService.EmptyBatchRequest' },
  TooManyEntriesInBatchRequest: { queryCode: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest' },
  BatchEntryIdsNotDistinct: { queryCode: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct' },
  InvalidBatchEntryId: { queryCode: 'AWS.SimpleQueueService.InvalidBatchEntryId' },
  UnsupportedOperation: { queryCode: 'AWS.SimpleQueueService.UnsupportedOperation' },
  ResourceNotFoundException: {},
  InvalidParameterValue: {},
  MissingParameter: {},
  AccessDeniedException: { status: 403 },
  SignatureDoesNotMatch: { status: 403 },
  InvalidClientTokenId: { status: 403 },
  MissingAuthenticationToken: { status: 403 },
  IncompleteSignature: { status: 403 },
  ServiceUnavailable: { status: 503 },
  InternalFailure: { status: 500 },
} as const satisfies Record<string, Shape>

export type SqsCode = keyof typeof SHAPES

/** Those that the model of SQS names; the others are of all services. */
const OF_SQS: ReadonlySet<SqsCode> = new Set([
  ...(['QueueDoesNotExist', 'ReceiptHandleIsInvalid', 'MessageNotInflight', 'OverLimit', 'RequestThrottled'] as const),
  ...(['InvalidAttributeName', 'EmptyBatchRequest', 'TooManyEntriesInBatchRequest'] as const),
  ...(['BatchEntryIdsNotDistinct', 'InvalidBatchEntryId', 'UnsupportedOperation'] as const),
  ...(['ResourceNotFoundException'] as const),
])

export class SqsError extends Error {
  readonly code: SqsCode
  constructor(code: SqsCode, message: string) {
    super(message)
    this.code = code
  }
}

export interface SqsFailure {
  status: number
  /** Header `x-amzn-query-error`. */
  queryError: string
  body: { __type: string; message: string }
}

export function failureOf(error: SqsError): SqsFailure {
  const { code, message } = error
  const { status = 400, queryCode = code }: Shape = SHAPES[code]
  const type = `${OF_SQS.has(code) ? SQS : COMMON}#${code}`
  return { status, queryError: `${queryCode};${status < 500 ? 'Sender' : 'Receiver'}`, body: { __type: type, message } }
}

/** Undefined: a fault of ours. */
export function translated(error: unknown): SqsError | undefined {
  if (error instanceof SqsError) return error
  if (!(error instanceof ClarionError)) return undefined
  return new SqsError(BY_CODE[error.code] ?? 'InvalidParameterValue', error.message)
}

const BY_CODE: Partial<Record<ClarionError['code'], SqsCode>> = {
  not_found: 'QueueDoesNotExist',
  in_flight_limit: 'OverLimit',
  queue_quota_exceeded: 'OverLimit',
  queue_inactive: 'UnsupportedOperation',
  rate_limited: 'RequestThrottled',
  insufficient_scope: 'AccessDeniedException',
  unauthorized: 'InvalidClientTokenId',
  service_unavailable: 'ServiceUnavailable',
  payload_too_large: 'InvalidParameterValue',
}
