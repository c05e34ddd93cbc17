/** Checks of each action by itself: its templates, its secrets, and the records that it names in the organization. */
import { pointerTo } from '../../json/json-pointer.ts'
import { specOf } from './actions/index.ts'
import { isForeign } from './actions/sql-query.ts'
import { type Action, type Definition, eachAction } from './definition.ts'
import type { DeployContext } from './deploy-context.ts'
import type { Findings } from './findings.ts'
import { templatedKeys } from './places.ts'
import { REQUEST_SCOPES } from './references.ts'
import { changesRows, sqlProblem } from './sql-text.ts'
import { locationObjection, urlObjection } from './url-template.ts'
import { type TemplateText, templatesOf, type Use, usesOf } from './uses.ts'

export function checkActions(definition: Definition, context: DeployContext, findings: Findings): void {
  for (const { action, path } of eachAction(definition)) {
    for (const text of templatesOf(action, path)) checkText(text, action, findings)
    for (const use of usesOf(action, path)) checkUse(use, context, findings)
    for (const place of templatedKeys(action.with, pointerTo(path, 'with')))
      findings.error(place, 'template_not_allowed', 'is the name of a member, which a template cannot make')
    checkSettings(action, path, findings)
    checkNames(action, path, context, findings)
  }
}

/** The scopes that who deploys or debugs a definition must hold, sorted. */
export function scopesOf(definition: Definition, context: DeployContext): string[] {
  const scopes = new Set<string>()
  for (const { action, path } of eachAction(definition)) {
    for (const scope of specOf(action.type).scopes(action.with)) scopes.add(scope)
    if (action.type === 'http_request' && action.with.auth !== undefined) scopes.add('secrets:use')
    for (const { reference } of usesOf(action, path))
      if (reference.scope === '$env' && context.environmentName(reference.key!) === 'secret') scopes.add('secrets:use')
  }
  return [...scopes].sort()
}

function checkText({ path, place, template, problem }: TemplateText, action: Action, findings: Findings): void {
  if (problem !== undefined) findings.error(path, problem.rule, problem.message)
  else if (place === 'sql') {
    const wrong = sqlProblem(template)
    if (wrong !== undefined) findings.error(path, wrong.rule, wrong.message)
    else if (action.type === 'sql_query' && action.with.mode !== 'write' && changesRows(template))
      findings.error(path, 'sql_refused', 'the statement changes rows: set mode to write')
  } else if (place === 'url') {
    const objection = urlObjection(template)
    if (objection !== undefined) findings.error(path, 'url_origin', objection)
  } else if (action.type === 'respond' && LOCATION.test(path)) {
    const objection = locationObjection(template)
    if (objection !== undefined) findings.error(path, 'url_origin', objection)
  }
}

const LOCATION = /\/with\/headers\/location$/i

function checkUse({ path, reference, source, takesSecrets }: Use, context: DeployContext, findings: Findings): void {
  const { scope, key, rest } = reference
  if (REQUEST_SCOPES.has(scope) && context.kind !== 'route')
    findings.error(path, 'scope_not_available', `${source}: only a route has ${scope}; an event's payload is $param`)
  else if ((scope === '$param' || scope === '$event') && context.kind === 'route')
    findings.error(path, 'scope_not_available', `${source}: a route has no ${scope}; the request's body is $body`)
  else if (scope === '$header' && rest[0] !== undefined && rest[0] !== rest[0].toLowerCase())
    findings.warning(path, 'no_effect', `${source} is never there: names of headers are in lower case`)
  else if (scope === '$env') checkEnvironment(path, key!, takesSecrets, context, findings)
}

function checkEnvironment(
  path: string,
  name: string,
  takesSecrets: boolean,
  context: DeployContext,
  findings: Findings,
): void {
  const kind = context.environmentName(name)
  if (kind === undefined)
    findings.error(path, 'unknown_variable', `there is no variable or secret ${name}: create it before you deploy`)
  else if (kind === 'secret' && !takesSecrets)
    findings.error(
      path,
      'secret_not_allowed',
      `${name} is a secret: those go only into the URL, query, headers, body and auth of http_request`,
    )
}

function checkSettings(action: Action, path: string, findings: Findings): void {
  if (specOf(action.type).effect !== 'pure') return
  for (const name of ['retry', 'timeoutMs'] as const)
    if (action[name] !== undefined)
      findings.warning(
        pointerTo(path, name),
        'no_effect',
        `changes nothing: ${action.type} is computed, and not tried again`,
      )
}

function checkNames(action: Action, path: string, context: DeployContext, findings: Findings): void {
  const at = (field: string): string => `${path}/with/${field}`
  const connection = action.type === 'sql_query' ? action.with.connection : undefined
  const refused = context.planRefuses(action.type, { foreignConnection: isForeign(connection) })
  if (refused !== undefined) findings.error(pointerTo(path, 'type'), 'plan_does_not_allow', refused)
  switch (action.type) {
    case 'create_event':
      if (!context.isKnownEvent(action.with.event, action.with.version))
        findings.warning(at('event'), 'unknown_event', 'is not registered: until it is, the step fails')
      break
    case 'sql_query':
      if (connection !== undefined && isForeign(connection) && !context.isKnownConnection(connection))
        findings.error(at('connection'), 'unknown_connection', 'is no connection: create it before you deploy')
      break
    case 'table_insert':
    case 'table_update':
    case 'table_get':
    case 'table_delete':
      if (context.isKnownTable(action.with.table) === false)
        findings.warning(at('table'), 'unknown_table', 'is no table yet: until it is, the step fails')
      break
    case 'send_webhook':
      if (!context.isKnownWebhook(action.with.webhookId))
        findings.error(at('webhookId'), 'unknown_webhook', 'is no webhook: name one of this environment')
      break
    case 'send_notification':
      if (!context.isKnownChannel(action.with.channel))
        findings.error(at('channel'), 'unknown_channel', 'is no channel: create it before you deploy')
      break
    case 'send_email':
      if (action.with.template !== undefined && !context.isKnownMailTemplate(action.with.template))
        findings.error(at('template'), 'unknown_mail_template', 'is no mail template: set it before you deploy')
      break
    case 'http_request':
      checkSecret(action.with.auth?.secret, at('auth/secret'), context, findings)
      break
    case 'call_workflow':
      checkCall(action.with, at('workflowId'), context, findings)
      break
    case 'respond':
      if (context.kind !== 'route')
        findings.error(pointerTo(path, 'type'), 'respond_not_allowed', 'only a route has a request to answer')
      if (action.with.continue === true)
        findings.warning(at('continue'), 'respond_continue', 'the answer has been sent when a later action fails')
      break
  }
}

/** `auth.secret` names a secret, unless it is a template of one. */
function checkSecret(secret: unknown, path: string, context: DeployContext, findings: Findings): void {
  if (typeof secret !== 'string' || secret.includes('{{')) return
  if (context.environmentName(secret) === undefined)
    findings.error(
      path,
      'unknown_variable',
      `there is no secret ${secret.slice(0, 60)}: create it, or write {{$env.NAME}}`,
    )
}

function checkCall(
  { workflowId, wait }: Extract<Action, { type: 'call_workflow' }>['with'],
  path: string,
  context: DeployContext,
  findings: Findings,
): void {
  if (workflowId === context.workflowId) {
    if (context.holdsWhileWaiting && wait !== false)
      findings.error(
        path,
        'self_call',
        'is this workflow, which holds its slot while it waits: set whileWaiting to release, or wait to false',
      )
  } else if (!context.isKnownWorkflow(workflowId))
    findings.error(path, 'unknown_workflow', 'is no workflow: name one of this environment')
}
