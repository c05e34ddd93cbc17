/**
 * A route. `routes.ts` lists them; the router, the OpenAPI document and the test that calls every route with another
 * organization's ids are derived from the table.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { Caller } from '../../control-plane/store/announce.ts'
import type { ApiKey } from '../../model/api-keys.ts'
import type { Organization } from '../../model/organizations.ts'
import type { Scope } from '../../model/scopes.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * `public`: no key. `operator`: the operator's key. `any`: any valid key. Else the scope that an organization's key
 * must hold; with `or`, one of two of them or the operator's key, with `and`, both.
 */
export type Access =
  | 'public'
  | 'operator'
  | 'any'
  | Scope
  | `${Scope} or ${Scope}`
  | `${Scope} or operator`
  | `${Scope} and ${Scope}`

/** JSON Schema 2020-12. */
export type Schema = Record<string, unknown>

/** Limits of a plan in calls per second. */
export type Rate = 'pullsPerS' | 'queueCallsPerS' | 'domainChangesPerS'

/** The caller came with the cookie of a session in place of a key. */
export interface SessionOfCall {
  /** It may read alone. */
  isReadOnly: boolean
  /** It is the operator's, who may look inside an organization. */
  isOperators: boolean
  /** `Set-Cookie` of a session that goes on. */
  renewed: string | undefined
  /** The key or link whose streams are counted together. */
  holder: string
  /** Whether it still is, for streams that last. */
  isValid(): boolean
}

/** The caller. The operator belongs to no organization. */
export type Principal = { viaAlias: boolean; session?: SessionOfCall } & (
  | { kind: 'operator' }
  | { kind: 'key'; key: ApiKey; organization: Organization }
)

/** A call that has passed authentication, scope and validation; of HTTP only the headers remain. */
export interface Call {
  requestId: string
  principal: Principal | undefined
  caller: Caller
  params: Record<string, string>
  /** Coerced to the types of the route's query schema. */
  query: Record<string, unknown>
  /** Valid under the route's body schema. */
  body: unknown
  headers: IncomingHttpHeaders
  /** From `If-Match`. */
  expectedRevision: number | undefined
  /** From `Idempotency-Key`, on routes that take it. */
  idempotencyKey: string | undefined
  /** For a call that waits: aborted when its caller hangs up before the answer. */
  signal(): AbortSignal
}

/** A list as a file. */
export interface Rows {
  contentType: string
  lines: AsyncIterable<string>
  /** Called after the last line: whether there are more entries than were written, for the trailer. */
  isTruncated(): boolean
  /** Whether the truth about the end is in a trailer, since the format has no place for it. */
  hasTrailer: boolean
}

export interface Answer {
  /** 200 by default. */
  status?: number
  data?: unknown
  /** Lists: the cursor of the next page; null at the end. */
  nextCursor?: string | null
  /** Further members of `meta`. */
  meta?: Record<string, unknown>
  headers?: Record<string, string>
  /** Instead of the envelope, for as long as it lasts; destroyed when the caller hangs up. */
  stream?: { contentType: string; body: Readable }
  /** Instead of the envelope: rows as they are read. */
  rows?: Rows
  /** Instead of the envelope: metrics, the OpenAPI document. */
  plain?: { contentType: string; body: string }
}

export type Handler = (call: Call) => Answer | Promise<Answer>
/** Answers on the raw response: for emits, where the generic path would cost as much as the work. */
export type DirectHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

interface RouteFacts {
  method: Method
  /** `/api/v1/webhooks/:id` */
  path: string
  access: Access
  summary: string
  query?: Schema
  body?: Schema
  /** Schema of `data`; absent: the answer has no body (204) or is plain. */
  answer?: Schema
  /** `data` of a dry run, which answers 200 in place of the status below. */
  dryRunAnswer?: Schema
  /** The dry run is asked for by `?dryRun=true`, not in the body. */
  takesDryRun?: boolean
  /** Of an answer without the envelope: its schema by media type. */
  content?: Record<string, Schema>
  /** Further media types of the same data, chosen by `Accept`: a line for each entry. */
  alsoAs?: readonly string[]
  /** Its answer lasts: it is not in the histogram of request times. */
  isStream?: boolean
  status?: number
  /** A suspended organization may not call it. */
  refusedWhenSuspended?: boolean
  /** Checked before the rest of the call, so that no answer reveals anything that the plan hides from the caller. */
  needsFederation?: boolean
  /** Checked at the same time. */
  needsSql?: boolean
  /** A right of the marketplace that the plan must have; checked at the same time. */
  needsRight?: 'marketplacePublish' | 'marketplaceFork'
  /** Its method says otherwise, but it changes nothing: a session that may only read may call it. */
  changesNothing?: boolean
  /** The limit of the plan that counts calls of an organization per second. */
  rate?: Rate
  /** Further members of `meta`, for the OpenAPI document. */
  meta?: Record<string, Schema>
  /** A key in the URL is refused before sign-in. */
  refusesKeyInQuery?: boolean
  /** A call without a body is taken as one with `{}`. */
  bodyOptional?: boolean
  /** Repeating a call with the same header `Idempotency-Key` has no further effect. Other routes ignore the header. */
  takesIdempotencyKey?: boolean
  /**
   * The member of the body whose numbers that a double cannot carry reach the handler as `ExactNumber`; elsewhere large
   * ones are refused.
   */
  exactMember?: string
  /**
   * Bare answer for calls by the alias header, in the older shape. See docs/specification/conventions.md#bare-answers.
   */
  bare?: (answer: Answer) => unknown
}

export type Route = RouteFacts &
  (
    | { handle: Handler; direct?: undefined; preflight?: undefined }
    /** `preflight` answers OPTIONS. */
    | { direct: DirectHandler; preflight?: DirectHandler; handle?: undefined }
  )
