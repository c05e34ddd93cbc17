/** The action `respond`: what the caller of a route gets, its body as text so that numbers keep their digits. */
import type { Perform } from '../../../src/workflows/interpreter/run.ts'

export interface RouteResponse {
  status: number
  headers: Record<string, string>
  /** The body was a string, and is sent as it is; else it is JSON. */
  isText: boolean
  body: string
}

export function responseOf(effect: Perform): RouteResponse {
  const { status, headers, body } = effect.with as { status: number; headers: Record<string, string>; body: unknown }
  const isText = typeof body === 'string'
  return { status, headers, isText, body: isText ? body : JSON.stringify(body) }
}
