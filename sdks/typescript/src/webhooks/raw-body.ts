/**
 * Middleware that reads the body of a webhook once and keeps its bytes beside the parsed body, so that
 * `verifyWebhookSignature` accepts the body of the framework. Use it before (or instead of) other body parsers: they
 * skip a body that has been read.
 *
 *     app.use('/webhooks', rawBody())                              Express, Connect
 *     app.use(rawBody())                                           Koa
 *     export const POST = rawBody((request, body) => …)            handlers of the fetch kind
 */
import type { IncomingHttpHeaders } from 'node:http'
import { hasKeptBytes, type ParsedBody, parseKeepingBytes, withoutBytes } from './body.ts'
import { bodyError, readAtMost } from './read-body.ts'

export interface RawBodyOptions {
  /** Larger bodies are answered with 413. Default 1 MB; a delivery of Clarion is under 300 KB. */
  bytesMax?: number
}

/** `more`: what the framework passes besides the request, such as the parameters of the path. */
export type FetchHandler<More extends unknown[] = []> = (
  request: Request,
  body: ParsedBody,
  ...more: More
) => Response | Promise<Response>

/** Node's request as Express and Connect pass it on. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  headers: IncomingHttpHeaders
  readableEnded?: boolean
  body?: unknown
  _body?: boolean
}
export interface KoaContext {
  req: AsyncIterable<Uint8Array> & { headers: IncomingHttpHeaders; readableEnded?: boolean }
  request: object & { body?: unknown }
}
export interface NodeMiddleware {
  (context: KoaContext, next: () => Promise<unknown>): Promise<void>
  (request: NodeRequest, response: unknown, next: (error?: unknown) => void): void
}

const BYTES_MAX = 1_000_000
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i

/**
 * For Koa, Express and Connect; requests without a body, and bodies that are not JSON, are left unread. It may be mounted
 * more than once. Errors carry `status`: 400 not JSON, 413 too large, 415 compressed.
 */
export function rawBody(options?: RawBodyOptions): NodeMiddleware
/**
 * For fetch handlers: they get the parsed body as well, since the request's body has been read. Answers 400, 413 or 415
 * itself. A request without a body comes as an empty object, which no signature fits.
 */
export function rawBody<More extends unknown[]>(
  handler: FetchHandler<More>,
  options?: RawBodyOptions,
): (request: Request, ...more: More) => Promise<Response>
export function rawBody(first?: FetchHandler<unknown[]> | RawBodyOptions, second?: RawBodyOptions) {
  if (typeof first === 'function') return fetchHandler(first, second?.bytesMax ?? BYTES_MAX)
  return nodeMiddleware(first?.bytesMax ?? BYTES_MAX)
}

function nodeMiddleware(bytesMax: number): NodeMiddleware {
  async function koa(context: KoaContext, next: () => Promise<unknown>): Promise<void> {
    const read = await readNode(context.req, context.request.body, bytesMax)
    if (read) Object.assign(context.request, { body: read.parsed })
    await next()
  }
  async function express(request: NodeRequest, next: (error?: unknown) => void): Promise<void> {
    try {
      const read = await readNode(request, request.body, bytesMax)
      if (read) Object.assign(request, { body: read.parsed, _body: true })
    } catch (error) {
      return next(error)
    }
    next()
  }
  return ((first: KoaContext | NodeRequest, second: () => Promise<unknown>, next?: (error?: unknown) => void) =>
    next ? express(first as NodeRequest, next) : koa(first as KoaContext, second)) as NodeMiddleware
}

/**
 * Undefined for a body that is not JSON, or is read already by this function. Throws when another parser has consumed the
 * bytes: no signature could be verified.
 */
async function readNode(
  request: KoaContext['req'],
  known: unknown,
  bytesMax: number,
): Promise<{ parsed: ParsedBody } | undefined> {
  if (!JSON_TYPE.test(request.headers['content-type'] ?? '') || !hasBody(request.headers)) return undefined
  if (hasKeptBytes(known)) return undefined
  if (request.readableEnded) throw bodyError(500, 'rawBody() must stand before any other body parser.')
  return { parsed: parse(await readAtMost(request, request.headers, bytesMax)) }
}

/** As HTTP has it: a request says its length, or that it is chunked. */
const hasBody = (headers: IncomingHttpHeaders): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

function fetchHandler(
  handler: FetchHandler<unknown[]>,
  bytesMax: number,
): (request: Request, ...more: unknown[]) => Promise<Response> {
  return async (request, ...more) => {
    let parsed: ParsedBody
    try {
      const headers = Object.fromEntries(request.headers)
      const bytes = await readAtMost(request.body ?? [], headers, bytesMax)
      parsed = bytes.length === 0 ? withoutBytes() : parse(bytes)
    } catch (error) {
      const { status = 400, message } = error as { status?: number; message: string }
      return Response.json({ error: message }, { status })
    }
    return handler(request, parsed, ...more)
  }
}

function parse(bytes: Uint8Array): ParsedBody {
  try {
    return parseKeepingBytes(bytes)
  } catch (cause) {
    throw bodyError(400, 'The body is not JSON.', cause)
  }
}
