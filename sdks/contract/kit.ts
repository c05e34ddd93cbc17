/** What a kit is asked and says, in the lines of the drivers. */

/** A call as the drivers read it. */
export interface Asked {
  call: string
  baseUrl: string
  apiKey?: string
  path?: string[]
  query?: Record<string, unknown>
  body?: unknown
  timeoutMs?: number
  retries?: number
  options?: Record<string, unknown>
  wholeBody?: boolean
  /** In Python: by the client whose calls are awaited. */
  async?: boolean
}

export interface Said {
  data?: unknown
  refused?: string
  lost?: string
  mistake?: boolean
  message?: string
  waits: number[]
  [more: string]: unknown
}

export interface Signature {
  body: Buffer
  headers: Array<[string, string]> | string
  secrets: string[]
  profile?: string
  toleranceSeconds?: number
  nowS: number
}

/** A stream to read, to its end or until so many events were finished. */
export interface StreamAsked {
  baseUrl: string
  apiKey?: string
  query: { types: string[]; [parameter: string]: unknown }
  /** What the place of the reader has. */
  place?: string
  leaveAfter?: number
  async?: boolean
}

export interface StreamSaid {
  events: string[]
  opened: string[]
  gaps: Array<[string, number | null]>
  saved: string[]
  cursor: string
  /** `left`, `over`, or why it failed. */
  end: string
  waits: number[]
}

/** Of each emit that was judged by another schema: the name of the event, and the version. */
export interface TypedSaid {
  drifts: Array<[string, string]>
}

export interface Kit {
  name: string
  calls(): Promise<string[]>
  call(asked: Asked): Promise<Said>
  verify(signature: Signature): Promise<boolean>
  stream(asked: StreamAsked): Promise<StreamSaid>
  /** Emits an event of a generated type, a batch of two and one without a type, and one with a hash alone. */
  typed(asked: { baseUrl: string; async?: boolean }): Promise<TypedSaid>
  close(): void
}
