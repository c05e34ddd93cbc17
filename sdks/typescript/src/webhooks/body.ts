/** Signed content is bytes. A parsed body cannot be verified unless its original bytes have been kept beside it. */

import { readJson } from '../read-json.ts'

/** This name appears in the compiler's error when anything else is given. */
declare const bytesKeptByRawBody: unique symbol

/** A body that `rawBody()` parsed: the bytes it was parsed from are known. */
export interface ParsedBody {
  readonly [bytesKeptByRawBody]: true
  readonly [field: string]: unknown
}

/** Any other object is a mistake: serialised again, it may differ from the signed bytes. */
export type WebhookBody = string | Uint8Array | ArrayBuffer | ParsedBody

const bytesOf = new WeakMap<object, Uint8Array>()

/** Whether `rawBody()` has made it. */
export const hasKeptBytes = (body: unknown): boolean => typeof body === 'object' && body !== null && bytesOf.has(body)

/** Of a request without a body. */
export function withoutBytes(): ParsedBody {
  const body = {}
  bytesOf.set(body, new Uint8Array())
  return body as ParsedBody
}

/** Undefined for anything but bytes, text or a body with kept bytes. */
export function bodyBytes(body: unknown): Uint8Array | undefined {
  if (typeof body === 'string') return Buffer.from(body, 'utf8')
  if (body instanceof Uint8Array) return body
  if (body instanceof ArrayBuffer) return new Uint8Array(body)
  return typeof body === 'object' && body !== null ? bytesOf.get(body) : undefined
}

/**
 * Parses JSON and keeps the bytes beside the result: for frameworks whose parsers receive bytes. Throws for text that
 * is not JSON.
 */
export function parseKeepingBytes(bytes: Uint8Array): ParsedBody {
  const parsed: unknown = readJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  if (typeof parsed === 'object' && parsed !== null) bytesOf.set(parsed, bytes)
  return parsed as ParsedBody
}
