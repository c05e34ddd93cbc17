/** The questions that the checks of a definition have about its organization. Each function answers at once, from what is in memory. */
import type { ActionType } from './definition.ts'

export interface DeployContext {
  /** The trigger that starts it. A route's runs have the scopes of a request and may respond. */
  kind: 'workflow' | 'route'
  /** Its own id; null before it has one. */
  workflowId: string | null
  /** Whether it keeps its slot while it waits (`concurrency.whileWaiting: hold`). */
  holdsWhileWaiting: boolean
  /** The reason, as a sentence, why the plan does not have an action; undefined when it has. */
  planRefuses(type: ActionType, options: { foreignConnection: boolean }): string | undefined
  /** Whether an event of this name, and version if given, is registered, built in, or a bare name. */
  isKnownEvent(event: string, version: string | undefined): boolean
  /** The kind of a name of `$env`. */
  environmentName(name: string): 'variable' | 'secret' | undefined
  isKnownWorkflow(id: string): boolean
  isKnownWebhook(id: string): boolean
  isKnownChannel(name: string): boolean
  isKnownConnection(name: string): boolean
  isKnownMailTemplate(name: string): boolean
  /** Undefined when the store cannot be asked now. */
  isKnownTable(name: string): boolean | undefined
}

/** Knows everything and refuses nothing: for checks that depend on the definition alone. */
export const PERMISSIVE_CONTEXT: DeployContext = {
  kind: 'route',
  workflowId: null,
  holdsWhileWaiting: false,
  planRefuses: () => undefined,
  isKnownEvent: () => true,
  environmentName: () => 'variable',
  isKnownWorkflow: () => true,
  isKnownWebhook: () => true,
  isKnownChannel: () => true,
  isKnownConnection: () => true,
  isKnownMailTemplate: () => true,
  isKnownTable: () => true,
}
