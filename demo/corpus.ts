/** The real payloads that GitHub sends to webhooks, as its community collects them (npm `@octokit/webhooks-examples`). */
import { createRequire } from 'node:module'

export type Json = Record<string, unknown>

export interface CorpusPayload {
  /** GitHub's name of the event, such as `issues`. */
  event: string
  /** The action of the event, such as `opened`; many events have none. */
  action: string | undefined
  payload: Json
}

interface Definition {
  name: string
  examples: Json[]
}

/** 58 events, 329 payloads, 9 KB each on average. */
export function readCorpus(): CorpusPayload[] {
  const definitions = createRequire(import.meta.url)('@octokit/webhooks-examples') as Definition[]
  return definitions.flatMap(({ name, examples }) =>
    examples.map(payload => ({
      event: name,
      action: typeof payload.action === 'string' ? payload.action : undefined,
      payload,
    })),
  )
}
