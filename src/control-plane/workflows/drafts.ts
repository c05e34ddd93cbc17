/**
 * Drafts: saved as they are, finished or not. A draft has a revision of its own, so that a save does not disturb a
 * change of settings. An editor may save with each key that is pressed: a workflow is written at most once in 2 s, and
 * of the saves of one caller that wait for it the newest counts.
 */
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import type { Workflow, WorkflowDraft } from '../../model/workflows.ts'
import { draftBytes } from '../../workflows/kept-definition.ts'
import type { Announce, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { ControlStore, Decision } from '../store/store.ts'
import { checkedDraft, checkKeepable } from './checked-draft.ts'
import { checkedPins, type Pins } from './checked-pins.ts'
import { getWorkflow } from './get-workflow.ts'
import { createPaced } from './paced.ts'
import { checkKeptBytes, checkWritable } from './workflow-plan.ts'
import { about, authorship } from './workflows.ts'

/** The time between two saves of a workflow. */
const SAVE_EVERY_MS = 2_000

export interface GivenDraft {
  definition: unknown
  pins?: Pins | undefined
}

export interface Drafts {
  /**
   * `pins` undefined: those of the draft before. `revision`: of the draft; 0 expects none. The answer shows the draft as it was written, which may be a newer save
   * of the same caller. Errors: `not_found`, `workflow_invalid`, `revision_conflict`, `workflow_quota_exceeded`,
   * `rate_limited`.
   */
  save(caller: Caller, owner: Owner, id: string, given: GivenDraft, revision?: number): Promise<Workflow>
}

export function createDrafts(deps: {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  announce: Announce
  /** `CLARION_TIME_SCALE`; 1 by default. */
  timeScale?: number
}): Drafts {
  const { store, view, ids, clock, announce, timeScale = 1 } = deps
  const paced = createPaced<Workflow>({ clock, everyMs: SAVE_EVERY_MS * timeScale })

  function write(
    caller: Caller,
    { owner, id, revision }: { owner: Owner; id: string; revision: number | undefined },
    given: Omit<WorkflowDraft, 'revision' | 'updatedAt' | 'updatedBy'>,
  ): Promise<Workflow> {
    return store.change(ids.next('chg'), (current): Decision<Workflow> => {
      const before = getWorkflow(current, owner, id)
      checkDraftRevision(before.draft, revision)
      checkWritable(
        getOrganization(current, owner.organizationId),
        current.list('workflow', owner.organizationId),
        before,
      )
      const pins = given.pins ?? before.draft?.pins
      const checked = { ...given, ...(pins === undefined || Object.keys(pins).length === 0 ? {} : { pins }) }
      const freed = before.draft === null ? 0 : draftBytes(before.draft)
      checkKeptBytes(current, owner.organizationId, draftBytes(checked), freed)
      const now = new Date(clock.nowMs()).toISOString()
      const draft = { ...checked, revision: (before.draft?.revision ?? 0) + 1, ...authorship(caller, now) }
      const record = { ...before, draft }
      const data = { name: record.name, hash: draft.hash, findings: draft.findings.length }
      return {
        records: [{ kind: 'workflow', record }],
        changes: [announce(caller, { ...about(record, 'WORKFLOW_DRAFT_SAVED'), data })],
        result: record,
      }
    })
  }

  return {
    async save(caller, owner, id, { definition, pins }, revision) {
      getWorkflow(view, owner, id)
      checkKeepable(definition)
      const kept = pins === undefined ? {} : { pins: checkedPins(pins) }
      // Only what is written is checked.
      const work = async () =>
        write(
          caller,
          { owner, id, revision },
          { ...checkedDraft(view, getWorkflow(view, owner, id), definition), ...kept },
        )
      return paced.run(id, `${caller.actorId}/${revision ?? ''}`, work)
    },
  }
}

function checkDraftRevision(draft: WorkflowDraft | null, expected: number | undefined): void {
  const revision = draft?.revision ?? 0
  if (expected === undefined || expected === revision) return
  throw new ClarionError('revision_conflict', `The draft is at revision ${revision}, not ${expected}.`)
}
