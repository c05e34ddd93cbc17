import type { describedBy } from './described.ts'

export interface Reply {
  status: number
  body: {
    success: boolean
    error?: { code: string; message: string; details?: Array<{ path: string; rule: string }>; [more: string]: unknown }
    [more: string]: unknown
  }
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the test is about
  data: any
  meta: { requestId: string; nextCursor?: string | null; atEnd?: boolean }
  code: string | undefined
  headers: Headers
}

export type CallAs = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>

export function caller(base: string, key: string | undefined, check: ReturnType<typeof describedBy>): CallAs {
  return async (method, path, body, headers = {}) => {
    const text =
      body === undefined
        ? undefined
        : typeof body === 'string' || body instanceof Uint8Array
          ? body
          : JSON.stringify(body)
    const response = await fetch(base + path, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: text as string,
    })
    const raw = await response.text()
    const isLines = response.headers.get('content-type')?.startsWith('application/x-ndjson') === true
    const parsed = raw.startsWith('{') && !isLines ? JSON.parse(raw) : raw
    check(method, path, { status: response.status, body: parsed })
    return {
      status: response.status,
      body: parsed,
      data: parsed.data,
      meta: parsed.meta,
      code: parsed.error?.code,
      headers: response.headers,
    }
  }
}
