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

export interface Kit {
  name: string
  calls(): Promise<string[]>
  call(asked: Asked): Promise<Said>
  verify(signature: Signature): Promise<boolean>
  close(): void
}
