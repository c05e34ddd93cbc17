/** What a command is, and what it may use: nothing of the process but what it is handed. */
import type { Readable, Writable } from 'node:stream'
import type { Client } from '../client/client.ts'
import type { Clock, Random } from '../clock.ts'
import type { Printer } from './printer.ts'

export interface Option {
  type: 'string' | 'boolean'
  /** What `--help` calls the value: `FILE`. */
  value?: string
  sentence: string
}

export interface Command {
  /** `quarantine list` */
  name: string
  /** Arguments without a dash, as `--help` shows them: `NAME`, `[NAME]`. */
  positionals: string[]
  sentence: string
  options: Record<string, Option>
  /** Further lines of its `--help`. */
  notes?: string
  run(context: Context): Promise<ExitCode>
}

export interface Context {
  positionals: string[]
  /** As given; options without a value are `true`. */
  options: Record<string, string | boolean | undefined>
  text(option: string): string | undefined
  /** A whole number of at least `min`. Throws a `UsageError` otherwise. */
  number(option: string, fallback: number, min?: number): number
  env: Readonly<Record<string, string | undefined>>
  stdin: Readable
  print: Printer
  /** Made when it is first asked for. Throws a `UsageError` without a key. */
  client(): Client
  clock: Clock
  random: Random
  /** Aborted by Ctrl-C; stdin ends then too. What has no end of its own ends with 0. */
  signal: AbortSignal
}

/** 0 done, 1 refused by the platform, 2 the command was given wrongly, 3 no answer, 130 interrupted before it was done. */
export type ExitCode = 0 | 1 | 2 | 3 | 130

/** The command was given wrongly; `next` says what would be right. */
export class UsageError extends Error {
  readonly next: string | undefined
  constructor(message: string, next?: string) {
    super(message)
    this.name = 'UsageError'
    this.next = next
  }
}

export interface Surroundings {
  argv: string[]
  env: Readonly<Record<string, string | undefined>>
  stdin: Readable
  stdout: Writable
  stderr: Writable
  clock: Clock
  random: Random
  signal: AbortSignal
}
