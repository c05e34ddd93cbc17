/** The codes with which steps fail, and runs by them. `create_event` may also fail with the code of any emit. */

export interface StepCode {
  meaning: string
  /** Whether the step's retries apply. */
  mayPass: boolean
}

const lasting = (meaning: string): StepCode => ({ meaning, mayPass: false })
const passing = (meaning: string): StepCode => ({ meaning, mayPass: true })

export const STEP_CODES = {
  // Any action
  template_missing: lasting('A template reads a value that is not there, and the workflow is strict.'),
  with_invalid: lasting('A field of the action has a value that it does not take; the message says which.'),
  step_timeout: passing('The step had no answer within its timeoutMs.'),
  run_data_exceeded: lasting('An output is larger than 1 MB, or those of the run are larger than 4 MB together.'),
  step_limit_exceeded: lasting('The run has had 5,000 steps, iterations counted. Nothing catches it.'),
  loop_limit_exceeded: lasting('The loop would have more turns than its maxIterations.'),
  run_timeout: lasting('The run took more than its timeoutSeconds, or lived for five days.'),
  waiting_limit_exceeded: lasting('As many runs, or events, of the organization wait for a time as its plan has.'),
  workflow_failed: lasting('The action fail has ended the run; its reason is the message.'),
  already_responded: lasting('The run has answered its request before.'),
  // http_request
  http_status: passing('The address answered with a status that fails the step; 408, 425, 429 and 5xx may pass.'),
  http_timeout: passing('The address did not answer in time.'),
  http_failed: passing('There was no connection, or what came was no HTTP.'),
  egress_refused: lasting('The address is one that the platform does not send to.'),
  response_too_large: lasting('The answer is larger than 1 MB.'),
  // create_event, call_workflow
  verdict_missing: passing('The event was not judged in time; it may be in the log all the same.'),
  child_failed: lasting('The run that was called did not succeed; the message names it.'),
  // send_notification, send_email, send_webhook, tables
  not_found: lasting('There is no such webhook, channel, table, connection or workflow.'),
  channel_inactive: lasting('The notification channel is switched off.'),
  payload_too_large: lasting('The payload is larger than 256 KB.'),
  // table_…, sql_query
  stock_insufficient: lasting('A matching row would fall below min; nothing was changed.'),
  constraint_violated: lasting('A row would break a rule of its table; nothing was changed.'),
  sql_refused: lasting('The SQL is not one statement on rows, does what it may not, or the plan has none.'),
  sql_failed: lasting('PostgreSQL could not run the statement; the message is its own.'),
  sql_timeout: passing('The statement, or its wait for a row, took longer than its time limit.'),
  sql_result_too_large: lasting('The statement returned more rows than maxRows, or more than 1 MB.'),
  table_quota_exceeded: lasting("The plan's bytes of tables are used up."),
  tables_unavailable: passing('The database of the tables is not there, or is busy.'),
  connection_failed: passing('The foreign database cannot be reached, or went away during the statement.'),
  connection_refused: lasting('The address, the login or the TLS of the foreign database is refused.'),
  // custom_code
  code_error: lasting('The code threw, or its result is no JSON of at most 256 KB.'),
  code_timeout: passing('The code took longer than its time limit.'),
  code_memory: lasting('The code used more memory than its limit.'),
  code_crashed: lasting('The code ended its sandbox three times; it is refused for a minute.'),
  code_busy: passing('No sandbox was free for ten seconds.'),
  // All
  chain_depth_exceeded: lasting('The chain of events or calls is at its cap; the run ends as truncated.'),
  internal_error: lasting('A fault of the platform.'),
} as const satisfies Record<string, StepCode>

export type StepCodeName = keyof typeof STEP_CODES
