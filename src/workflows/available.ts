/** Parts of the language that this release does not run: a deploy refuses it, so that no run fails by it. */
import type { GradedFinding } from '../model/workflows.ts'
import { type ActionType, type Definition, eachAction } from './language/definition.ts'

const AVAILABLE: ReadonlySet<ActionType> = new Set([
  ...([
    'create_event',
    'respond',
    'create_invoice',
    'scale_cluster',
    'http_request',
    'send_notification',
    'send_email',
    'send_webhook',
    'sql_query',
    'custom_code',
    'table_insert',
    'table_update',
    'table_get',
    'table_delete',
    'call_workflow',
    'condition',
    'switch',
    'loop_data',
  ] as const),
  ...(['loop_while', 'set_variable', 'transform', 'delay', 'stop', 'fail'] as const),
])

export function unavailableActions(definition: Definition): GradedFinding[] {
  return [...eachAction(definition)].flatMap(({ action, path }) =>
    AVAILABLE.has(action.type) ? [] : [finding(`${path}/type`, `this release does not run ${action.type} yet`)],
  )
}

const finding = (path: string, message: string): GradedFinding => ({
  ...{ path, rule: 'action_not_available', message, severity: 'error' },
})
