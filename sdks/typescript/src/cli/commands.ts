/** Every command, in the order that `--help` shows. */
import type { Command } from './command.ts'
import { CREDENTIALS } from './credentials.ts'
import { emit, produce } from './emit.ts'
import { consume, listen } from './listen.ts'
import { QUARANTINE } from './quarantine.ts'
import { dryRun, health } from './registry.ts'
import { ROUTES } from './route.ts'
import { types } from './types.ts'
import { WORKFLOWS } from './workflow.ts'

export const COMMANDS: readonly Command[] = [
  emit,
  dryRun,
  types,
  health,
  listen,
  ...QUARANTINE,
  ...CREDENTIALS,
  ...WORKFLOWS,
  ...ROUTES,
  produce,
  consume,
]
