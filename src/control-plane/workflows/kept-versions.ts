/** The versions of a workflow that stay: the newest 20, and each until no run can be on it. */
import type { ControlView } from '../../model/control-view.ts'
import type { Workflow, WorkflowVersion } from '../../model/workflows.ts'
import { findVersion } from './get-workflow.ts'

export const VERSIONS_KEPT = 20
/** Longer than a run lives. */
export const AFTER_LIVE_MS = 8 * 86_400_000

/** The oldest versions of a workflow that need not stay any more when it gets version `next`. */
export function outdatedVersions(
  current: Pick<ControlView, 'find'>,
  workflow: Workflow,
  next: number,
  nowMs: number,
): WorkflowVersion[] {
  const outdated: WorkflowVersion[] = []
  for (let version = workflow.firstVersion; version > 0 && version <= next - VERSIONS_KEPT; version++) {
    const found = findVersion(current, workflow, version)
    const successor = findVersion(current, workflow, version + 1)
    if (found === undefined) continue
    // A version is live until the next one at the latest.
    if (successor === undefined || Date.parse(successor.createdAt) > nowMs - AFTER_LIVE_MS) break
    outdated.push(found)
  }
  return outdated
}
