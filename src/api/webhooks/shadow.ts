/** Shadow delivery of a webhook: its candidate, and how it answers beside the real one. */
import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import { getShadow, type NewShadow, type Shadows } from '../../control-plane/webhooks/shadows.ts'
import type { Pings } from '../../delivery/ping.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Shadow } from '../../model/shadows.ts'
import { ownerOf } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'

export function createShadowHandlers(deps: {
  shadows: Shadows
  pings: Pick<Pings, 'prove'>
  reads: Pick<Reads, 'shadowReport'>
  view: ControlView
  clock: Clock
}) {
  const { shadows, view, clock } = deps
  const id = (call: Call) => call.params.id!

  function settings({ url, share, headerNames, since, until }: Shadow) {
    return { url, share, headerNames, since, until, active: Date.parse(until) > clock.nowMs() }
  }

  return {
    async set(call: Call): Promise<Answer> {
      const { verifyOwnership, ...input } = call.body as NewShadow & { verifyOwnership?: boolean }
      const prove = verifyOwnership === true ? deps.pings.prove : undefined
      return { data: settings(await shadows.set(call.caller, ownerOf(call), id(call), input, prove)) }
    },
    async get(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      const shadow = getShadow(view, owner, id(call))
      const report = await deps.reads.shadowReport({ ...owner, webhookId: shadow.id, since: shadow.since })
      return { data: { ...settings(shadow), report } }
    },
    async end(call: Call): Promise<Answer> {
      await shadows.end(call.caller, ownerOf(call), id(call))
      return { data: { id: id(call), deleted: true } }
    },
  }
}
