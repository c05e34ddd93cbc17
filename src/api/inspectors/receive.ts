/**
 * The URLs of inspectors: `/inspect/<token>`. Any request is judged, kept, and answered as the inspector says:
 *
 *     token ─► rate ─► body ─► signature ─► kept in Kafka ─► delay ─► answer
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Clock, Timer } from '../../clock.ts'
import type { InspectorsByToken } from '../../inspectors/by-token.ts'
import type { JudgeSignature } from '../../inspectors/judge-signature.ts'
import type { KeptRequests } from '../../inspectors/kept-requests.ts'
import type { Logger } from '../../logger.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Ids } from '../../model/ids.ts'
import { INSPECTOR_PATH, type Inspector } from '../../model/inspectors.ts'
import { nameRequest } from '../../process/work.ts'
import { RequestAborted, readBody } from '../http/body.ts'
import { failureBody, failureOf, JSON_TYPE } from '../http/envelope.ts'
import { createRates } from '../http/rates.ts'

const PER_SECOND = 50
const KEPT_BYTES_MAX = 64 * 1024
/** Larger than any delivery: the signature is over the whole body. */
const BODY_BYTES_MAX = 1024 * 1024
const HEADER_BYTES_MAX = 16 * 1024
const RETRY_AFTER_S = 1
/** Content of an organization on the origin of the console: nothing of it may act there. */
const POLICY = { 'content-security-policy': "sandbox; default-src 'none'", 'x-content-type-options': 'nosniff' }
const REDACTED = '[redacted]'
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'x-api-key', 'cookie'])
const DELIVERY_ID = /^dlv_[0-9a-z]{32}$/

export interface InspectRequests {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Answers those that are delayed now. */
  drain(): void
}

export function createInspectRequests(deps: {
  inspectors: Pick<InspectorsByToken, 'find'>
  kept: Pick<KeptRequests, 'add' | 'count'>
  judgeSignature: JudgeSignature
  aliasKeyHeader: string
  ids: Ids
  clock: Clock
  logger: Logger
}): InspectRequests {
  const { inspectors, kept, judgeSignature, ids, clock, logger } = deps
  const rates = createRates(deps)
  const delayed = new Set<() => void>()

  function found(request: IncomingMessage): Inspector {
    const [, token] = INSPECTOR_PATH.exec((request.url ?? '').split('?', 1)[0]!) ?? []
    const inspector = token === undefined ? undefined : inspectors.find(token)
    if (inspector === undefined)
      throw new ClarionError('not_found', 'There is no such inspector; it may have expired after a day.')
    const retryAfterS = rates.take(inspector.id, PER_SECOND)
    if (retryAfterS > 0)
      throw new ClarionError('rate_limited', `An inspector takes ${PER_SECOND} requests a second.`, { retryAfterS })
    return inspector
  }

  async function keep(inspector: Inspector, request: IncomingMessage, body: Buffer, messageId: string | null) {
    const { headers, method = 'GET' } = request
    const shown = shownHeaders(headers, deps.aliasKeyHeader)
    const deliveryId = headers['x-delivery-id']
    await kept
      .add(inspector.id, {
        ...{ id: ids.next('inr'), receivedAtMs: clock.nowMs(), method, headers: JSON.stringify(shown), messageId },
        ...{ body: body.subarray(0, KEPT_BYTES_MAX), truncated: body.length > KEPT_BYTES_MAX },
        signature: judgeSignature(inspector, headers, body),
        deliveryId: typeof deliveryId === 'string' && DELIVERY_ID.test(deliveryId) ? deliveryId : null,
      })
      .catch(cause => {
        const message = 'The request cannot be kept now: repeat it.'
        throw new ClarionError('service_unavailable', message, { retryAfterS: RETRY_AFTER_S, cause })
      })
  }

  function wait(delayMs: number, response: ServerResponse): Promise<void> {
    if (delayMs === 0) return Promise.resolve()
    return new Promise(resolve => {
      let timer: Timer | undefined
      const end = () => {
        timer?.cancel()
        delayed.delete(end)
        resolve()
      }
      timer = clock.after(delayMs, end)
      delayed.add(end)
      response.once('close', end)
    })
  }

  async function answer(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
    const inspector = found(request)
    const body = await readBody(request, BODY_BYTES_MAX)
    const { 'webhook-id': id } = request.headers
    const messageId = typeof id === 'string' && id.length <= 200 ? id : null
    await keep(inspector, request, body, messageId)
    const isFailing = messageId !== null && kept.count(inspector.id, messageId) < inspector.failFirst
    const { status, headers, body: text, delayMs } = isFailing ? failing(inspector) : inspector.answer
    await wait(delayMs, response)
    response.writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      ...lowered(headers),
      ...POLICY,
      'x-request-id': requestId,
    })
    response.end(text)
  }

  return {
    async handle(request, response) {
      const requestId = ids.next('req')
      nameRequest(requestId)
      try {
        await answer(request, response, requestId)
      } catch (error) {
        if (error instanceof RequestAborted) return
        if (!(error instanceof ClarionError))
          logger.error({ err: error, requestId }, 'a request of an inspector failed')
        const failed = failureOf(error, requestId)
        if (!response.headersSent)
          response.writeHead(failed.status, {
            ...failed.headers,
            ...POLICY,
            'content-type': JSON_TYPE,
            'x-request-id': requestId,
          })
        response.end(failureBody(failed))
      }
    },
    drain() {
      for (const end of delayed) end()
    },
  }
}

const failing = ({ failFirst }: Inspector): Inspector['answer'] => ({
  ...{ status: 503, headers: {}, delayMs: 0 },
  body: `The first ${failFirst} requests of each message fail: this inspector is set so.\n`,
})

const lowered = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** Without credentials, up to 16 KB. */
function shownHeaders(headers: IncomingHttpHeaders, aliasKeyHeader: string): Record<string, string> {
  const shown: Array<[string, string]> = []
  let bytes = 0
  for (const [name, value] of Object.entries(headers)) {
    const isSecret = CREDENTIALS.has(name) || name === aliasKeyHeader
    const text = isSecret ? REDACTED : Array.isArray(value) ? value.join(', ') : (value ?? '')
    bytes += name.length + text.length
    if (bytes > HEADER_BYTES_MAX) break
    shown.push([name, text])
  }
  return Object.fromEntries(shown)
}
