/** A draft as it is kept: any JSON of 64 KB, with what a deploy would find in it. */
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { KeptDefinition, Workflow, WorkflowDraft } from '../../model/workflows.ts'
import { DEFINITION_BYTES_MAX, keepDefinition } from '../../workflows/kept-definition.ts'
import { checkDefinition } from '../../workflows/language/check-definition.ts'
import { createDeployContext } from './deploy-context.ts'
import { triggerFindings } from './trigger-findings.ts'

/** A deploy answers all of them. */
const FINDINGS_KEPT = 50

/** Throws `workflow_invalid` for a definition that is too large or cannot be written as JSON. */
export function checkKeepable(definition: unknown): void {
  if (Buffer.byteLength(JSON.stringify(definition)) > DEFINITION_BYTES_MAX)
    throw refused(
      'too_large',
      `is larger than ${DEFINITION_BYTES_MAX} bytes: split the workflow, and call one from another`,
    )
  if (!isWellFormed(definition)) throw refused('not_json', 'holds half of a surrogate pair, which is no character')
}

/** `definition` can be kept. */
export function checkedDraft(
  view: ControlView,
  workflow: Workflow,
  definition: unknown,
): Pick<WorkflowDraft, keyof KeptDefinition | 'findings'> {
  const { context } = createDeployContext(view, workflow)
  const own = checkDefinition(JSON.stringify(definition), context).findings
  const findings = [...triggerFindings(view, workflow), ...own]
  return { ...keepDefinition(definition, 'given'), findings: findings.slice(0, FINDINGS_KEPT) }
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, member]) => key.isWellFormed() && isWellFormed(member))
}

function refused(rule: string, message: string): ClarionError {
  const details = [{ path: '/definition', rule, message }]
  return new ClarionError('workflow_invalid', `The definition ${message}.`, { details })
}
