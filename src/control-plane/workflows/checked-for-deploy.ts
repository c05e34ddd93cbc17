/** A definition that may go live: without errors, and with nothing in it that its deployer may not do. */

import type { ApiKey } from '../../model/api-keys.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Scope } from '../../model/scopes.ts'
import { holdsScope } from '../../model/scopes.ts'
import type { GradedFinding, KeptDefinition, Workflow } from '../../model/workflows.ts'
import { definitionText } from '../../workflows/kept-definition.ts'
import { specOf } from '../../workflows/language/actions/index.ts'
import { checkDefinition } from '../../workflows/language/check-definition.ts'
import { type Definition, eachAction } from '../../workflows/language/definition.ts'
import { createDeployContext } from './deploy-context.ts'
import { findVersion } from './get-workflow.ts'
import { triggerFindings } from './trigger-findings.ts'

export interface CheckedDefinition {
  definition: Definition
  warnings: GradedFinding[]
  /** The variables and secrets that it reads. */
  env: ReadonlyMap<string, 'variable' | 'secret' | undefined>
}

/** Throws `workflow_invalid` with every finding, then `insufficient_scope` with every action. */
export function checkedForDeploy(
  view: ControlView,
  workflow: Workflow,
  kept: KeptDefinition,
  key: ApiKey,
): CheckedDefinition {
  const { context, env } = createDeployContext(view, workflow)
  const { definition, findings: own } = checkDefinition(definitionText(kept), context)
  const findings = [...triggerFindings(view, workflow), ...own]
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (errors.length > 0 || definition === undefined) throw invalidDefinition(findings, errors[0])
  requireScopes(definition, env, key)
  return { definition, warnings: findings, env }
}

/** Throws `workflow_invalid` when the live version calls its workflow, which would hold its slot while it waits. */
export function refuseSelfCall(view: ControlView, workflow: Workflow): void {
  const live = workflow.deployed && findVersion(view, workflow, workflow.deployed.version)
  if (!live) return
  const { context } = createDeployContext(view, workflow)
  const { findings } = checkDefinition(definitionText(live), context)
  const calls = findings.filter(({ rule }) => rule === 'self_call')
  if (calls.length > 0) throw invalidDefinition(calls, calls[0])
}

/** `details` has the warnings too: each says its severity. */
function invalidDefinition(findings: GradedFinding[], first: GradedFinding | undefined): ClarionError {
  const message = `The definition is wrong at '${first?.path ?? ''}': ${first?.message ?? 'it cannot be read'}.`
  return new ClarionError('workflow_invalid', message, { details: findings })
}

/** Who deploys hands on to the runs what the key may do, and no more. */
export function requireScopes(definition: Definition, env: CheckedDefinition['env'], key: ApiKey): void {
  const details: Finding[] = []
  const missing = new Set<string>()
  const need = (path: string, scope: string, why: string): void => {
    if (holdsScope(key, scope as Scope)) return
    missing.add(scope)
    details.push({ path, rule: scope, message: `${why} needs the scope ${scope}` })
  }
  for (const { action, path } of eachAction(definition))
    for (const scope of specOf(action.type).scopes(action.with as never)) need(path, scope, action.type)
  const secret = [...env].find(([, kind]) => kind === 'secret')
  if (secret !== undefined) need('', 'secrets:use', `the secret ${secret[0]}`)
  if (missing.size === 0) return
  const message = `The key does not hold ${[...missing].sort().join(', ')}, which the actions of the definition need.`
  throw new ClarionError('insufficient_scope', message, { details })
}
