/**
 * Queues for clients of SQS: the JSON protocol of AWS over POST at `/sqs` and every path below it.
 *
 *     body ─► signature ─► operation ─► scope ─► rate ─► answer
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Clock } from '../../../clock.ts'
import type { AwsCredentials } from '../../../crypto/aws-credentials.ts'
import type { Logger } from '../../../logger.ts'
import type { ApiKey } from '../../../model/api-keys.ts'
import { ClarionError } from '../../../model/codes.ts'
import type { Ids } from '../../../model/ids.ts'
import { planOf } from '../../../model/plans.ts'
import { holdsScope } from '../../../model/scopes.ts'
import { nameRequest } from '../../../process/work.ts'
import { BODY_BYTES_MAX, RequestAborted, readBody } from '../../http/body.ts'
import { publicBaseOf } from '../../http/call-base.ts'
import type { KeyHolder, KeyLookup } from '../../http/key-lookup.ts'
import type { Rates } from '../../http/rates.ts'
import { createSqsCallers } from './callers.ts'
import { failureOf, SqsError, translated } from './errors.ts'
import { parseInput } from './input.ts'
import { createOperations, INSTEAD, type Operation, type OperationDeps } from './operations.ts'

export interface SqsDeps extends OperationDeps {
  keys: Pick<KeyLookup, 'byId'>
  credentials: AwsCredentials
  /** Counts calls together with those over JSON. */
  rates: Rates
  /** `PUBLIC_URL` */
  publicUrl: string | undefined
  ids: Ids
  clock: Clock
  logger: Logger
  onUse(key: ApiKey): void
  onAnswer(route: string, status: number, seconds: number): void
}

const PREFIX = '/sqs'
const TARGET = 'AmazonSQS.'
const CONTENT_TYPE = 'application/x-amz-json-1.0'
const XML = 'text/xml; charset=utf-8'

export const isForSqs = (url: string | undefined): boolean =>
  url?.startsWith(PREFIX) === true && [undefined, '/', '?'].includes(url[PREFIX.length])

export function createServeSqs(deps: SqsDeps): RequestListener {
  const { ids, clock, logger, rates, onAnswer } = deps
  const callerOf = createSqsCallers(deps)
  const operations = createOperations(deps)

  function refuseOverRate({ id, plan }: KeyHolder['organization']): void {
    const perSecond = planOf(plan).queueCallsPerS
    if (rates.take(`queueCallsPerS/${id}`, perSecond) > 0)
      throw new SqsError('RequestThrottled', `The plan allows ${perSecond} calls of queues a second.`)
  }

  async function answerOf(request: IncomingMessage, response: ServerResponse): Promise<object> {
    const body = await readBody(request, BODY_BYTES_MAX)
    if (isQueryProtocol(request)) throw outdated()
    const { key, organization } = callerOf(request, body)
    const operation = operationOf(operations, request)
    if (!operation.scopes.some(scope => holdsScope(key, scope)))
      throw new SqsError('AccessDeniedException', `The key does not hold the scope ${operation.scopes.join(', nor ')}.`)
    if (operation.isCounted) refuseOverRate(organization)
    return operation.answer({
      owner: { organizationId: organization.id, environment: key.environment },
      isWithheld: !holdsScope(key, 'events:payload'),
      input: parseInput(body),
      base: publicBaseOf(deps.publicUrl, request),
      signal: hungUp(response),
    })
  }

  function fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const known = translated(error)
    if (known === undefined) logger.error({ err: error }, 'a call of the façade of SQS failed unexpectedly')
    const { status, queryError, body } = failureOf(known ?? new SqsError('InternalFailure', 'The call failed.'))
    if (error instanceof ClarionError && error.retryAfterS !== undefined)
      response.setHeader('retry-after', error.retryAfterS)
    response.setHeader('x-amzn-query-error', queryError)
    if (isQueryProtocol(request)) send(response, status, XML, xmlOf(body))
    else send(response, status, CONTENT_TYPE, JSON.stringify(body))
  }

  return (request, response) => {
    const requestId = ids.next('req')
    nameRequest(requestId)
    response.setHeader('x-amzn-requestid', requestId)
    const startedMs = clock.monotonicMs()
    answerOf(request, response)
      .then(answer => send(response, 200, CONTENT_TYPE, JSON.stringify(answer)))
      .catch(error => {
        if (!(error instanceof RequestAborted)) fail(request, response, error)
      })
      .then(() => {
        const waits = targetOf(request) === 'ReceiveMessage' && response.statusCode < 400
        if (!waits)
          onAnswer(`${request.method} ${PREFIX}`, response.statusCode, (clock.monotonicMs() - startedMs) / 1000)
      })
      .catch(error => {
        logger.error({ err: error }, 'a request failed after its answer had begun')
        response.destroy()
      })
  }
}

/** Throws `UnsupportedOperation`, with what is there instead. */
function operationOf(operations: Record<string, Operation>, request: IncomingMessage): Operation {
  const target = targetOf(request)
  if (target !== undefined && Object.hasOwn(operations, target)) return operations[target]!
  const instead = target === undefined ? 'The header X-Amz-Target names none.' : (INSTEAD[target] ?? '')
  throw new SqsError('UnsupportedOperation', `Clarion's queues have no such operation. ${instead}`.trim())
}

const outdated = () =>
  new SqsError(
    'UnsupportedOperation',
    'The query protocol is not spoken here: update the AWS SDK to a release of the end of 2023 or later.',
  )

function targetOf({ headers }: IncomingMessage): string | undefined {
  const target = headers['x-amz-target']
  return typeof target === 'string' && target.startsWith(TARGET) ? target.slice(TARGET.length) : undefined
}

/** That of SDKs before the end of 2023: forms and XML. */
const isQueryProtocol = ({ headers, method }: IncomingMessage): boolean =>
  method !== 'POST' || headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true

function xmlOf({ __type, message }: { __type: string; message: string }): string {
  const text = message.replace(/[<>&]/g, sign => `&#${sign.charCodeAt(0)};`)
  const code = __type.split('#')[1]
  return `<?xml version="1.0"?><ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${text}</Message></Error></ErrorResponse>`
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  if (response.destroyed) return
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }).end(body)
}

function hungUp(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  if (response.destroyed) controller.abort()
  else response.once('close', () => controller.abort())
  return controller.signal
}
