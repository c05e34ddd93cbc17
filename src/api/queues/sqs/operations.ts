/** The operations of SQS that queues have. See docs/specification/queues.md#sqs-clients. */
import { usersOf } from '../../../control-plane/queues/queues.ts'
import { ClarionError } from '../../../model/codes.ts'
import type { ControlView } from '../../../model/control-view.ts'
import type { QueueRecord } from '../../../model/queues.ts'
import type { Scope } from '../../../model/scopes.ts'
import type { QueueCalls } from '../../../queue-calls/queue-calls.ts'
import type { StatsAnswer } from '../../../queues/calls.ts'
import { nameOf, type QueueMessages } from '../queue-messages.ts'
import { attributesOf, wantedAttributes, wantsCounters } from './attributes.ts'
import type { SqsCall } from './call.ts'
import { SqsError } from './errors.ts'
import { type Input, invalid, numberOf, optionalText, textOf, textsOf } from './input.ts'
import { checkSystemNames, presentMessage } from './messages.ts'
import { arnOf, queueByArn, queueByName, queueByUrl, queuesOf, urlOf } from './names.ts'
import { settleBatch, settleOne } from './settle.ts'

export interface OperationDeps {
  view: ControlView
  queueCalls: QueueCalls
  messages: QueueMessages
}

export interface Operation {
  /** The key holds one of them. */
  scopes: readonly Scope[]
  /** It counts as a call of queues. */
  isCounted: boolean
  answer(call: SqsCall): object | Promise<object>
}

const ANY_MAX = 1_000
/** As for calls over JSON; SQS itself takes 10. */
const RECEIVED_MAX = 100
const WAIT_S_MAX = 20
const TIMEOUT_S_MAX = 43_200
const TASKS_MAX = 10

export function createOperations(deps: OperationDeps): Record<string, Operation> {
  const { view, queueCalls, messages } = deps
  const named = ({ owner, input }: SqsCall) => queueByUrl(view, owner, textOf(input, 'QueueUrl'))
  const statsOf = (queue: QueueRecord) => queueCalls.call<StatsAnswer>(nameOf(queue), 'stats', {})

  async function receive(call: SqsCall): Promise<object> {
    const { input, signal, isWithheld } = call
    const queue = named(call)
    const wanted = {
      system: [...textsOf(input, 'AttributeNames'), ...textsOf(input, 'MessageSystemAttributeNames')],
      message: textsOf(input, 'MessageAttributeNames'),
    }
    checkSystemNames(wanted.system)
    const max = numberOf(input, 'MaxNumberOfMessages', [1, RECEIVED_MAX]) ?? 1
    const waitMs = (numberOf(input, 'WaitTimeSeconds', [0, WAIT_S_MAX]) ?? 0) * 1_000
    const timeoutS = numberOf(input, 'VisibilityTimeout', [0, TIMEOUT_S_MAX])
    const leaseMs = timeoutS === undefined ? undefined : timeoutS * 1_000
    // As in SQS, a receive may bring several messages of a group, one after the other.
    const received = await messages.receive(queue, { max, waitMs, leaseMs, perSubject: max, ack: [] }, signal)
    if (received.messages.length === 0) return {}
    return {
      Messages: received.messages.map(each => presentMessage({ queue, received: each, view }, { wanted, isWithheld })),
    }
  }

  async function attributes(call: SqsCall): Promise<object> {
    const queue = named(call)
    const wanted = wantedAttributes(textsOf(call.input, 'AttributeNames'))
    const stats = wantsCounters(wanted) ? await statsOf(queue) : undefined
    const found = attributesOf({ queue, stats, view }, wanted)
    return Object.keys(found).length === 0 ? {} : { Attributes: found }
  }

  function list({ owner, input, base }: SqsCall): object {
    const prefix = optionalText(input, 'QueueNamePrefix') ?? ''
    const found = queuesOf(view, owner).filter(({ name }) => name.startsWith(prefix))
    const { page, next } = paged(found, input)
    return { ...(page.length === 0 ? {} : { QueueUrls: page.map(queue => urlOf(base, queue)) }), ...next }
  }

  function sources(call: SqsCall): object {
    const { page, next } = paged(usersOf(view, named(call)), call.input)
    return { queueUrls: page.map(queue => urlOf(call.base, queue)), ...next }
  }

  async function move({ owner, input }: SqsCall): Promise<object> {
    const source = queueByArn(view, owner, textOf(input, 'SourceArn'))
    const destination = optionalText(input, 'DestinationArn')
    if (input.MaxNumberOfMessagesPerSecond !== undefined)
      throw new SqsError('UnsupportedOperation', 'Messages are moved at once: leave MaxNumberOfMessagesPerSecond out.')
    const toQueueId = destination === undefined ? undefined : queueByArn(view, owner, destination).id
    await queueCalls.call(nameOf(source), 'redrive', { toQueueId })
    return { TaskHandle: Buffer.from(JSON.stringify({ sourceArn: arnOf(source) })).toString('base64url') }
  }

  async function moves({ owner, input }: SqsCall): Promise<object> {
    const source = queueByArn(view, owner, textOf(input, 'SourceArn'))
    numberOf(input, 'MaxResults', [1, TASKS_MAX])
    const { lastRedrive } = await statsOf(source)
    if (lastRedrive === null) return { Results: [] }
    const { atMs, moved, toQueueId } = lastRedrive
    const target = toQueueId === null ? undefined : view.find('queue', owner.organizationId, toQueueId)
    return {
      Results: [
        {
          ...{ Status: 'COMPLETED', SourceArn: arnOf(source), StartedTimestamp: atMs },
          ...{ ApproximateNumberOfMessagesMoved: moved, ApproximateNumberOfMessagesToMove: moved },
          ...(target === undefined ? {} : { DestinationArn: arnOf(target) }),
        },
      ],
    }
  }

  function url({ owner, input, base }: SqsCall): object {
    const account = optionalText(input, 'QueueOwnerAWSAccountId') ?? owner.organizationId
    return { QueueUrl: urlOf(base, queueByName(view, owner, textOf(input, 'QueueName'), account)) }
  }

  async function purge(call: SqsCall): Promise<object> {
    await queueCalls.call(nameOf(named(call)), 'purge', { dead: false })
    return {}
  }

  /** Queues have none. */
  function tags(call: SqsCall): object {
    named(call)
    return {}
  }

  const receives = { scopes: ['queues:receive'], isCounted: true } as const
  const looks = { scopes: ['queues:receive', 'queues:manage'], isCounted: false } as const
  const manages = { scopes: ['queues:manage'], isCounted: false } as const
  const settling = { queueOf: named, messages }
  return {
    GetQueueUrl: { ...looks, answer: url },
    ListQueues: { ...looks, answer: list },
    ListDeadLetterSourceQueues: { ...looks, answer: sources },
    ListQueueTags: { ...looks, answer: tags },
    GetQueueAttributes: { ...looks, isCounted: true, answer: attributes },
    ReceiveMessage: { ...receives, answer: receive },
    DeleteMessage: { ...receives, answer: call => settleOne(settling, call, 'delete') },
    DeleteMessageBatch: { ...receives, answer: call => settleBatch(settling, call, 'delete') },
    ChangeMessageVisibility: { ...receives, answer: call => settleOne(settling, call, 'change') },
    ChangeMessageVisibilityBatch: { ...receives, answer: call => settleBatch(settling, call, 'change') },
    PurgeQueue: { ...manages, answer: purge },
    StartMessageMoveTask: { ...manages, answer: call => move(call).catch(asResource) },
    ListMessageMoveTasks: { ...manages, answer: moves },
  }
}

/** Why an operation is not there, and what is instead. */
export const INSTEAD: Readonly<Record<string, string>> = {
  SendMessage: 'Emit an event: POST /api/v1/events/custom/emit.',
  SendMessageBatch: 'Emit events: POST /api/v1/events/custom/emit/batch.',
  CreateQueue: 'Make a queue: POST /api/v1/queues.',
  DeleteQueue: 'Delete the queue: DELETE /api/v1/queues/:id.',
  SetQueueAttributes: 'Change the queue: PATCH /api/v1/queues/:id.',
}

function paged(all: readonly QueueRecord[], input: Input) {
  const max = numberOf(input, 'MaxResults', [1, ANY_MAX]) ?? ANY_MAX
  const token = optionalText(input, 'NextToken')
  const after = token === undefined ? '' : Buffer.from(token, 'base64url').toString('utf8')
  if (token !== undefined && Buffer.from(after).toString('base64url') !== token)
    throw invalid('NextToken', token, 'It is not of this list.')
  const rest = all.filter(({ name }) => name > after).sort((a, b) => (a.name < b.name ? -1 : 1))
  const page = rest.slice(0, max)
  const next = rest.length > max ? { NextToken: Buffer.from(page.at(-1)!.name).toString('base64url') } : {}
  return { page, next }
}

/** Moves name their queues by ARNs, which are resources. */
function asResource(error: unknown): never {
  if (error instanceof ClarionError && error.code === 'not_found')
    throw new SqsError('ResourceNotFoundException', error.message)
  throw error
}
