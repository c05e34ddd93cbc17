/** Puts the web console in front of the API, and makes the link that signs in. */
import type { RequestListener } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createBuildFiles } from '../api/console/build-files.ts'
import { serveConsole } from '../api/console/serve-console.ts'
import type { Parts } from './parts.ts'

const DIST = fileURLToPath(new URL('../../console/dist', import.meta.url))

export function withConsole({ config, clock, metrics }: Parts, api: RequestListener): RequestListener {
  if (config.console === 'off') return api
  const state = createBuildFiles({ directory: DIST, clock })
  return serveConsole({ state, onAnswer: metrics.request, nowMs: () => clock.monotonicMs(), api })
}

const LINK_WITHIN_MS = 5_000

/** A link that signs the operator in, once; undefined: there is none, and a key works all the same. */
export async function signInLink(address: string, adminKey: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${address}/api/v1/sessions/login-tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: '{}',
      signal: AbortSignal.timeout(LINK_WITHIN_MS),
    })
    const { data } = (await answer.json()) as { data?: { url?: string } }
    return data?.url
  } catch {
    return undefined
  }
}
