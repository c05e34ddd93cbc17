/** Every command, in the order that `--help` shows. */
import { api } from './api.ts'
import type { Command } from './command.ts'
import { completionOf } from './completion.ts'
import { CREDENTIALS } from './credentials.ts'
import { DEAD_LETTERS } from './dead-letters.ts'
import { dev } from './dev.ts'
import { doctor } from './doctor.ts'
import { driftCheck } from './drift.ts'
import { emit, produce } from './emit.ts'
import { consume, listen } from './listen.ts'
import { login, whoami } from './login.ts'
import { open } from './open.ts'
import { OPERATION_COMMANDS } from './operations.ts'
import { apply, plan } from './plan.ts'
import { QUARANTINE } from './quarantine.ts'
import { dryRun, health } from './registry.ts'
import { ROUTES } from './route.ts'
import { tail } from './tail.ts'
import { trigger } from './trigger.ts'
import { types } from './types.ts'
import { verify } from './verify.ts'
import { WORKFLOWS } from './workflow.ts'

const BY_HAND: readonly Command[] = [
  login,
  whoami,
  dev,
  emit,
  trigger,
  dryRun,
  types,
  plan,
  apply,
  driftCheck,
  health,
  listen,
  tail,
  verify,
  ...QUARANTINE,
  ...DEAD_LETTERS,
  ...CREDENTIALS,
  ...WORKFLOWS,
  ...ROUTES,
  produce,
  consume,
  api,
  open,
  doctor,
  completionOf(() => COMMANDS),
]

const names = new Set(BY_HAND.map(({ name }) => name))

/** A command that is written by hand stands in for the operation of its name. */
export const COMMANDS: readonly Command[] = [...BY_HAND, ...OPERATION_COMMANDS.filter(({ name }) => !names.has(name))]

/** Shown by `--help`; the others are shown by a part of their name. */
export const MAIN_COMMANDS: readonly Command[] = BY_HAND
