/**
 * What a route is. The table in `routes.ts` is made of these; the router, the OpenAPI document and the test that walks every route with
 * another organization's ids come from it.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Caller } from '../../control-plane/store/announce.ts'
import type { ApiKey, Organization, Scope } from '../../model/records.ts'

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** `public`: no key. `operator`: the operator's key. `any`: whatever key. Else the scope that an organization's key must hold. */
export type Access = 'public' | 'operator' | 'any' | Scope

/** JSON Schema 2020-12. */
export type Schema = Record<string, unknown>

/** Who calls. The operator belongs to no organization. */
export type Principal =
  | { kind: 'operator'; viaAlias: boolean }
  | { kind: 'key'; key: ApiKey; organization: Organization; viaAlias: boolean }

/** A call that has passed authentication, scope and validation; nothing of HTTP is left but its headers. */
export interface Call {
  requestId: string
  principal: Principal | undefined
  caller: Caller
  params: Record<string, string>
  /** Coerced to the types of the route's query schema. */
  query: Record<string, unknown>
  /** As the route's body schema has it. */
  body: unknown
  headers: IncomingHttpHeaders
  /** From `If-Match`. */
  expectedRevision: number | undefined
  /** From `Idempotency-Key`, on routes that take it. */
  idempotencyKey: string | undefined
}

export interface Answer {
  /** 200 unless said. */
  status?: number
  data?: unknown
  /** Lists: where the next page begins; null at the end. */
  nextCursor?: string | null
  headers?: Record<string, string>
  /** Instead of the envelope: metrics, the OpenAPI document. */
  plain?: { contentType: string; body: string }
}

export type Handler = (call: Call) => Answer | Promise<Answer>
/** Answers on the raw response: for the emits, where the generic path would cost as much as the work. */
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
  status?: number
  /** C.0.2: a suspended organization may not. */
  refusedWhenSuspended?: boolean
  /** C.1.5: told before anything of the call is looked at, so that no answer tells what the plan does not let the caller see. */
  needsFederation?: boolean
  /** A call without a body is taken as one with `{}`. */
  bodyOptional?: boolean
  /** Repeating a call under the same header `Idempotency-Key` does nothing twice. Other routes do not look at it. */
  takesIdempotencyKey?: boolean
  /** The member of the body whose numbers that a double cannot carry reach the handler as `ExactNumber`; elsewhere large ones are refused. */
  exactMember?: string
  /** Bare answer for calls by the alias header, in the shape of the original (C.0.1, K-7). */
  bare?: (answer: Answer) => unknown
}

export type Route = RouteFacts &
  ({ handle: Handler; direct?: undefined } | { direct: DirectHandler; handle?: undefined })
