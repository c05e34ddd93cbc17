/**
 * The side of a replay that the owner of its targets provides. The way reads the log and keeps the progress; a role
 * that owns a kind of target runs the ways to it, in the organization's shard, and says here how an event gets there.
 */
import type { ConditionGroup } from '../../model/conditions.ts'
import type { Replay, ReplayTarget, ReplayTargetKind } from '../../model/replays.ts'
import type { HandedOver, TargetEnd } from './ends.ts'
import type { Candidate, Stretch, StretchReader } from './way.ts'

/** `gone`: deleted. `inactive`: switched off by its owner, or by the plan. */
export type TargetState = 'active' | 'inactive' | 'gone'

/** The events that a target selects by itself. */
export interface OwnSelection {
  selectors: readonly string[]
  conditions: ConditionGroup | null
  /** Events that arrived from a peer are not for it. */
  ownEventsOnly: boolean
  /** The selectors of a replay choose among these events; otherwise they take their place. */
  isFixed: boolean
}

export interface OwnEvents {
  /** From a number on. */
  open(from: number): Promise<StretchReader>
  choose: Stretch['choose']
}

export interface OpenTarget {
  state(): TargetState
  /** Nothing may be handed over now, although it is active: something else goes first. */
  isWaiting(): boolean
  inFlightMax(): number
  /** Undefined for a target that is gone. */
  selection(): OwnSelection | undefined
  /**
   * The history of selected events: which are skipped or failed, and when the others were delivered first.
   * Throws `NotYet` when the history has to be waited for.
   */
  judge(candidates: Candidate[]): Promise<Candidate[]>
  /**
   * Hands it over. `left` is called once, after its first attempt, or when it has ended otherwise. Undefined: it has a
   * history of its own, as a delivery or a run, or what became of it is told when it leaves; otherwise what became of it.
   */
  deliver(candidate: Candidate, left: (end?: HandedOver) => void): HandedOver | HandedOver[] | undefined
  /** Its own events, in the order of their numbers, in place of those of the log that a replay selects. */
  own?: OwnEvents
  /** It keeps the order of a subject by itself: events of one need not wait for each other. */
  keepsOrder?: boolean
  /** Whether it has ended the replay by itself, and how. */
  ended?(): TargetEnd | undefined
  /** Nothing follows; what has not left is dropped. */
  close?(): void
}

export interface TargetOwner {
  kinds: readonly ReplayTargetKind[]
  open(replay: Replay, target: Pick<ReplayTarget, 'kind' | 'id'>): OpenTarget
}
