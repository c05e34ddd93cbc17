/** The specification of every action type. */
import type { ActionSpec } from '../action-spec.ts'
import type { ActionType } from '../definition.ts'
import { callWorkflow } from './call-workflow.ts'
import { condition, delay, fail, loopData, loopWhile, stop, switchCase } from './control.ts'
import { createEvent } from './create-event.ts'
import { createInvoice } from './create-invoice.ts'
import { customCode, setVariable, transform } from './data.ts'
import { httpRequest } from './http-request.ts'
import { respond } from './respond.ts'
import { scaleCluster } from './scale-cluster.ts'
import { sendEmail } from './send-email.ts'
import { sendNotification } from './send-notification.ts'
import { sendWebhook } from './send-webhook.ts'
import { sqlQuery } from './sql-query.ts'
import { tableDelete, tableGet, tableInsert, tableUpdate } from './table.ts'

export const ACTIONS: { readonly [T in ActionType]: ActionSpec<T> } = {
  create_event: createEvent,
  sql_query: sqlQuery,
  http_request: httpRequest,
  send_email: sendEmail,
  send_notification: sendNotification,
  send_webhook: sendWebhook,
  create_invoice: createInvoice,
  table_insert: tableInsert,
  table_update: tableUpdate,
  table_get: tableGet,
  table_delete: tableDelete,
  scale_cluster: scaleCluster,
  condition,
  switch: switchCase,
  loop_data: loopData,
  loop_while: loopWhile,
  set_variable: setVariable,
  transform,
  custom_code: customCode,
  call_workflow: callWorkflow,
  delay,
  respond,
  stop,
  fail,
}

export const isActionType = (type: unknown): type is ActionType =>
  typeof type === 'string' && Object.hasOwn(ACTIONS, type)

/** The specification of an action, whose functions take this action's own settings. */
export const specOf = (type: ActionType): ActionSpec => ACTIONS[type] as unknown as ActionSpec
