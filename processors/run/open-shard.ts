/** One shard of `run`: its parts in dependency order, and the calls of the runtime. */
import type { ShardHandle, ShardTask } from '../../src/kafka/ports.ts'
import { domainCommands } from '../../topics/domain-commands.ts'
import { domainState } from '../../topics/domain-state.ts'
import { runJournal } from '../../topics/run-journal.ts'
import { runStateKeys } from '../../topics/run-state.ts'
import { createAnnounceRuns } from './announce.ts'
import { createDelayedEmits } from './delayed-emits.ts'
import type { RunDependencies } from './dependencies.ts'
import { createShardDomain } from './domain/domain.ts'
import type { Outwards } from './effects/outward.ts'
import { createPerformer } from './effects/perform.ts'
import { createInputs } from './inputs.ts'
import { createLanes } from './lanes.ts'
import { createLooks } from './looks/looks.ts'
import { createRecentRuns } from './looks/recent-runs.ts'
import { createOutputs } from './outputs.ts'
import { createPace } from './pace.ts'
import { createPositions } from './positions.ts'
import { createPrograms } from './programs.ts'
import { createResponses } from './responses.ts'
import { createRunAnswers } from './run-answers.ts'
import { createPartsOf } from './runs/parts.ts'
import { createRuns, type Runs } from './runs/runs.ts'
import { createSchedules } from './schedules.ts'
import { createStarts, outdated } from './starts.ts'

/** How long a revoked shard waits for requests under way; what has no answer then is made again by the next owner. */
const DRAIN_MS = 10_000

/** What the shards of a process share. */
export interface Shared {
  outwards: Outwards
  /** Of every open shard. */
  open: Set<Runs>
}

export function openShard(handle: ShardHandle, deps: RunDependencies, { outwards, open }: Shared): ShardTask {
  const { shard } = handle
  const { view } = deps
  const positions = createPositions(handle)
  const responses = createResponses({ handle, deps })
  const answers = createRunAnswers({ ...deps, shard, responses })
  const recent = createRecentRuns()
  const outputs = createOutputs(shard, {
    announce: createAnnounceRuns(deps),
    stepped: recent.step,
    ended(facts, row, hasResponded) {
      recent.ended(row)
      answers.ended(facts, row, hasResponded)
    },
  })
  const programs = createPrograms(view)
  const pace = createPace({ handle, view, shards: deps.shards })
  const lanes = createLanes(view)
  const partsOf = createPartsOf({ ...deps, programs })
  const starts = createStarts({ deps, outputs, programs, pace, lanes })
  const domain = createShardDomain({ handle, deps, positions, responses })
  const delayed = createDelayedEmits({ handle, deps, lanes })
  const performer = createPerformer({ handle, deps, answers, outwards, starts, domain, delayed })
  const runs = createRuns({
    ...{ handle, deps, outputs, partsOf, lanes, performer },
    outdated: (facts, nowMs) => outdated(view, facts, nowMs),
  })
  const schedules = createSchedules({ handle, deps, starts, runs })
  const looks = createLooks({ handle, clock: deps.clock, responses, recent, programs, runs })
  const inputs = createInputs({ handle, deps, positions, starts, runs, responses, answers, looks })

  let stopListening = (): void => undefined

  function cancelOfDeleted(organizationId: string): void {
    if (view.organization(organizationId)?.status !== 'deleted') return
    runs.cancelAll(organizationId)
    answers.forget(organizationId)
    domain.forget(organizationId)
    delayed.forget(organizationId)
  }

  return {
    restore({ topic, key, value }) {
      const text = key?.toString() ?? ''
      if (topic === runJournal.name) return runs.restore(text, value)
      if (topic === domainState.name) return domain.restore(text, value)
      const parsed = runStateKeys.parse(text)
      if (parsed === undefined) return
      if ('position' in parsed) positions.restore(parsed.position, value)
      else if ('schedule' in parsed) schedules.restore(parsed.schedule, value)
      else if ('delayed' in parsed) delayed.restore(parsed.delayed, value)
      else if ('callKey' in parsed) answers.restore(parsed.callKey, value)
      else pace.restore(parsed.pace, value)
    },
    start() {
      open.add(runs)
      answers.start()
      domain.start()
      runs.start()
      schedules.start()
      delayed.start()
      pace.start()
      inputs.start()
      stopListening = view.onChange((kind, organizationId) => {
        if (kind === 'organization') cancelOfDeleted(organizationId)
      })
      for (const { id } of view.organizations()) cancelOfDeleted(id)
    },
    receive(records, ...rest) {
      const { receive } = records[0]?.topic === domainCommands.name ? domain : inputs
      receive(records, ...rest)
    },
    // Rows of runs that are sealed for the first time are among the outputs.
    seal() {
      const journal = runs.seal()
      looks.seal()
      return [
        ...journal,
        ...outputs.seal(),
        ...domain.seal(),
        ...responses.seal(),
        ...answers.seal(),
        ...pace.seal(),
        ...schedules.seal(),
        ...delayed.seal(),
        ...positions.seal(),
      ]
    },
    committed: () => runs.committed(),
    drain: () => performer.drain(DRAIN_MS),
    close() {
      open.delete(runs)
      stopListening()
      inputs.close()
      domain.close()
      schedules.close()
      delayed.close()
      pace.close()
      performer.close()
      runs.close()
    },
  }
}
