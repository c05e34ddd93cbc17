/** Inspectors: receivers of the platform for trying webhooks out; a day later they are gone. */
import type { Environment } from './environments.ts'
import type { Stored } from './stored.ts'

/** What an inspector answers. */
export interface InspectorAnswer {
  /** 200–599 */
  status: number
  headers: Record<string, string>
  /** At most 4 KB. */
  body: string
  /** At most 30 s. */
  delayMs: number
}

export interface Inspector extends Stored {
  environment: Environment
  name: string
  /** 128 random bits: the last part of its URL. */
  token: string
  answer: InspectorAnswer
  /** So many requests of each message get 503 first. */
  failFirst: number
  expiresAt: string
}

export const INSPECTOR_PREFIX = '/inspect/'
/** The path of an inspector, and nothing else. */
export const INSPECTOR_PATH = /^\/inspect\/([0-9a-z]{26})$/

/** The token of the inspector that a URL names, on whatever host. */
export function inspectorToken(url: string): string | undefined {
  const { pathname } = URL.parse(url) ?? {}
  return pathname === undefined ? undefined : INSPECTOR_PATH.exec(pathname)?.[1]
}

export const isExpired = ({ expiresAt }: Inspector, nowMs: number): boolean => Date.parse(expiresAt) <= nowMs
