/** The parts behind inspectors: who they are, what they got, and whether it was signed as it should be. */
import type { Clock } from '../clock.ts'
import type { SecretBox } from '../crypto/secret-box.ts'
import { createSigningContexts } from '../delivery/signing-context.ts'
import type { Appender } from '../kafka/ports.ts'
import type { Logger } from '../logger.ts'
import type { ControlView } from '../model/control-view.ts'
import { createInspectorsByToken, type InspectorsByToken } from './by-token.ts'
import { createJudgeSignature, type JudgeSignature } from './judge-signature.ts'
import { createKeptRequests, type KeptRequests } from './kept-requests.ts'

export interface Inspecting {
  kept: KeptRequests
  byToken: InspectorsByToken
  judgeSignature: JudgeSignature
  close(): void
}

export function openInspecting(deps: {
  view: ControlView
  secrets: SecretBox
  appender: Appender
  processId: string
  clock: Clock
  logger: Logger
}): Inspecting {
  const { clock } = deps
  const nowMs = () => clock.nowMs()
  const kept = createKeptRequests(deps)
  const byToken = createInspectorsByToken({ ...deps, nowMs, onGone: kept.forget })
  const judgeSignature = createJudgeSignature({ ...deps, contexts: createSigningContexts(deps), nowMs })
  return { kept, byToken, judgeSignature, close: byToken.close }
}
