/** Requests to the platform, and what its refusals mean for a bus. */
import type { Clock } from '../clock.ts'

export interface Platform {
  /** Address of the platform, with or without `/api/v1`. */
  url: string
  apiKey: string
  fetch: typeof fetch
  clock: Clock
}

export interface Refusal {
  status: number
  code: string
  message: string
  retryable?: boolean
  retryAfterS?: number
  lostEvents?: number | null
}

/** A redirect would carry the key to another server. */
export function request({ url, apiKey, fetch }: Platform, path: string, init: RequestInit): Promise<Response> {
  const base = url.replace(/\/+$/, '').replace(/\/api\/v1$/, '')
  const headers = { authorization: `Bearer ${apiKey}`, 'user-agent': 'clarion-bus/0.1.0', ...init.headers }
  return fetch(`${base}/api/v1${path}`, { ...init, headers, redirect: 'manual' })
}

/** What an answer that is no success says. */
export async function refusalOf(response: Response): Promise<Refusal> {
  const text = await response.text()
  const retryAfterS = Number(response.headers.get('retry-after') ?? Number.NaN)
  const facts = { status: response.status, ...(Number.isFinite(retryAfterS) ? { retryAfterS } : {}) }
  try {
    const { error } = JSON.parse(text) as { error: Omit<Refusal, 'status'> & { details?: Detail[] } }
    return { ...facts, ...error, message: [error.message, ...placesOf(error.details)].join('; ') }
  } catch {
    const message = `The answer (${response.status}) is not one of a Clarion platform: ${text.slice(0, 200)}`
    return { ...facts, code: 'unexpected_answer', message }
  }
}

interface Detail {
  pointer?: string
  path?: string
  message?: string
}

const placesOf = (details: Detail[] | undefined): string[] =>
  (details ?? []).slice(0, 5).map(({ pointer, path, message }) => `${pointer ?? path ?? ''} ${message ?? ''}`.trim())

/** Whether the same request may succeed later. */
export const isTransient = ({ status, retryable }: Refusal): boolean =>
  retryable !== false && (status >= 500 || status === 429 || status === 408)
