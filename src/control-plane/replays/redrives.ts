/** Redrives of dead letters: replays whose events are deliveries that failed for good. The engine finds them. */
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Owner } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import { type DeadLetterChoice, isUnderWay, type Replay, type ReplayTarget } from '../../model/replays.ts'
import type { Announce, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import type { ControlStore } from '../store/store.ts'
import { aboutTargets, ENGINE, excess, NOTHING, newReplay, of } from './replay-record.ts'
import { EVENT_RETENTION_MS } from './replay-source.ts'
import { REPLAY_TARGETS_MAX } from './replay-targets.ts'

/** Apart from replays: a redrive makes no new delivery, and is on no allowance. */
const REDRIVES_MAX = 10

export interface NewRedrive {
  deadLetters: DeadLetterChoice
  /** With dead letters, and switched on. */
  webhookIds: string[]
  ratePerSecond: number
}

export interface Redrives {
  /** One without webhooks is completed at once. Errors: `too_many_targets`, `replay_in_progress`. */
  start(caller: Caller, owner: Owner, input: NewRedrive): Promise<Replay>
}

export function createRedrives(deps: { store: ControlStore; ids: Ids; clock: Clock; announce: Announce }): Redrives {
  const { store, ids, clock, announce } = deps
  return {
    async start(caller, owner, input) {
      if (input.webhookIds.length > REPLAY_TARGETS_MAX) throw tooMany(input.webhookIds.length)
      const nowMs = clock.nowMs()
      const id = ids.next('rpl')
      return store.change(ids.next('chg'), current => {
        getOrganization(current, owner.organizationId)
        checkUnderWay(current, owner)
        const replay = redriveOf(newReplay({ id, owner, kind: 'redrive', caller, nowMs, name: null }), input)
        const data = { ...aboutTargets(replay), kind: 'redrive', from: replay.from, to: replay.to, dryRun: false }
        const started = announce(caller, { ...of(replay, 'REPLAY_STARTED'), status: 'running', data })
        const about = { ...of(replay, 'REPLAY_COMPLETED'), status: 'completed', data: { ...NOTHING } }
        return {
          records: [{ kind: 'replay', record: replay }, ...excess(current, owner.organizationId)],
          changes: replay.state === 'completed' ? [started, announce(ENGINE, about)] : [started],
          result: replay,
        }
      })
    },
  }
}

function redriveOf(made: ReturnType<typeof newReplay>, { deadLetters, webhookIds, ratePerSecond }: NewRedrive): Replay {
  const targets = webhookIds.map(
    (id): ReplayTarget => ({ kind: 'webhook', id, state: 'running', stateReason: null, progress: null }),
  )
  return {
    ...made,
    ...{ deadLetters, ratePerSecond, targets, targetKind: 'webhook', matchedMax: null, warnings: [] },
    ...(targets.length === 1 && { webhookId: targets[0]!.id }),
    ...{ from: deadLetters.from ?? keptSince(made.createdAt), to: deadLetters.to ?? made.createdAt },
    ...{ selectors: deadLetters.type === null ? [] : [deadLetters.type], onlyFailed: true },
    // Those of a webhook that is switched off meanwhile wait.
    force: true,
    ...(targets.length === 0 && { state: 'completed', endedAt: made.createdAt, progress: NOTHING }),
  }
}

const keptSince = (now: string): string => new Date(Date.parse(now) - EVENT_RETENTION_MS).toISOString()

function checkUnderWay(current: DecisionView, { organizationId }: Owner): void {
  const underWay = current.list('replay', organizationId).filter(each => isUnderWay(each) && each.kind === 'redrive')
  if (underWay.length < REDRIVES_MAX) return
  const message = `${REDRIVES_MAX} redrives of the organization are under way; wait for one to end, or cancel it.`
  throw new ClarionError('replay_in_progress', message)
}

function tooMany(count: number): ClarionError {
  const message = `has ${count} webhooks with dead letters; one redrive has at most ${REPLAY_TARGETS_MAX}`
  return new ClarionError('too_many_targets', `The redrive ${message}: name a webhook, or narrow the time.`, {
    details: [{ path: '/webhookId', rule: 'maxItems', message }],
  })
}
