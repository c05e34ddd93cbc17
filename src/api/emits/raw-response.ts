/**
 * The frame of an emit that is answered on the raw response: request id, key and scope, body, and the error envelope.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EmitLimits } from '../../ingress/emit-limits.ts'
import type { LoadShedder } from '../../ingress/load-shedding.ts'
import type { PausedOrganizations } from '../../ingress/paused-organizations.ts'
import type { Emitter } from '../../ingress/submit-emit.ts'
import type { Logger } from '../../logger.ts'
import { ClarionError, CODES } from '../../model/codes.ts'
import type { Ids } from '../../model/ids.ts'
import { nameRequest } from '../../process/work.ts'
import { type Authenticate, requireScope } from '../http/authenticate.ts'
import { checkContentType, RequestAborted, readBody } from '../http/body.ts'
import { failureBody, failureOf, JSON_TYPE } from '../http/envelope.ts'
import type { DirectHandler } from '../http/route.ts'
import type { EmitAnswer } from './answer.ts'

export type EmitWork = (by: Emitter, body: Buffer, request: IncomingMessage, requestId: string) => Promise<EmitAnswer>

/**
 * `bodyOptional`: a call without a body is taken as one with `{}`. `many`: the body is a batch. `loadShedder` and
 * `pauses`: an emit that cannot be taken now gets `service_unavailable` before its body is read; Node then discards the
 * body.
 */
export function createResponder(deps: {
  authenticate: Authenticate
  ids: Ids
  logger: Logger
  loadShedder?: LoadShedder
  pauses?: PausedOrganizations
  emitLimits?: EmitLimits
}) {
  return (
    bodyBytesMax: number,
    work: EmitWork,
    { bodyOptional = false, many = false, isHarmless = NEVER }: Options = {},
  ): DirectHandler =>
    async (request, response) => {
      const requestId = deps.ids.next('req')
      nameRequest(requestId)
      try {
        const { headers, socket, method } = request
        const by = requireScope(deps.authenticate(headers, socket.remoteAddress, method), 'events:emit')
        if (by.session?.isReadOnly === true && !isHarmless(request))
          throw new ClarionError('session_read_only', CODES.session_read_only.meaning)
        deps.pauses?.check(by.organization.id, by.key.environment)
        if (!isHarmless(request)) deps.emitLimits?.check(by.organization)
        if (deps.loadShedder?.refuses(by.organization.id, many)) throw OVERLOADED
        const body = bodyOptional && hasNoBody(request) ? EMPTY : await readJsonBody(request, bodyBytesMax)
        const answer = await work(by, body, request, requestId)
        send(response, answer.status, answer.json, requestId, headersOf(answer))
      } catch (error) {
        if (error instanceof RequestAborted) return
        if (!(error instanceof ClarionError))
          deps.logger.error({ err: error, requestId }, 'an emit failed unexpectedly')
        const failed = failureOf(error, requestId)
        send(response, failed.status, failureBody(failed), requestId, failed.headers)
      }
    }
}

function headersOf({ emitId, schemaDrift }: EmitAnswer): Record<string, string> | undefined {
  if (emitId === undefined && schemaDrift === undefined) return undefined
  return {
    ...(emitId === undefined ? {} : { 'x-emit-id': emitId }),
    ...(schemaDrift === undefined ? {} : { 'x-schema-drift': schemaDrift }),
  }
}

interface Options {
  bodyOptional?: boolean
  many?: boolean
  /** A call that changes nothing: a session that may only read may make it. */
  isHarmless?: (request: IncomingMessage) => boolean
}

const NEVER = () => false

export const enveloped = ({ status, json }: EmitAnswer, requestId: string): string =>
  status < 400
    ? `{"success":true,"data":${json},"meta":{"requestId":"${requestId}"}}`
    : `{"success":false,"error":${json}}`

/** Created once: it is thrown most often under the highest load. */
const OVERLOADED = new ClarionError('service_unavailable', 'More is emitted than can be judged in time: retry later.', {
  retryAfterS: 1,
})

const EMPTY = Buffer.from('{}')

const hasNoBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0

function readJsonBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  checkContentType(request)
  return readBody(request, bytesMax)
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  requestId: string,
  more?: Record<string, string>,
): void {
  const headers = { 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(body), 'x-request-id': requestId }
  response.writeHead(status, more === undefined ? headers : { ...headers, ...more })
  response.end(body)
}
