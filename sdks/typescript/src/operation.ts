/** What a call is, as the OpenAPI document says it, and how the generated calls are sent. */

export interface Operation {
  method: string
  /** `/api/v1/webhooks/{webhookId}` */
  path: string
  summary: string
  /** Kinds by name: string, integer, number, boolean, json. */
  query: Readonly<Record<string, string>>
  /** `*`: the whole body is one value. Null: there is none. */
  body: Readonly<Record<string, string>> | null
  answer: string
  page: string | null
  repeat: string
}

export interface CallOptions {
  signal?: AbortSignal
  ifMatch?: number
}

export interface Page<T> {
  data: T[]
  /** Null at the end. */
  nextCursor: string | null
}

export interface Given {
  ids: readonly string[]
  query?: object
  input?: unknown
}

/** By the place of a call in the kits: `events.webhooks.list`. */
export interface Caller {
  call<T>(name: string, given: Given, options: CallOptions): Promise<T>
  page<T>(name: string, given: Given, options: CallOptions): Promise<Page<T>>
  each<T>(name: string, given: Given, options: CallOptions): AsyncGenerator<T, void, void>
}
