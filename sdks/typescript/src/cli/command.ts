/** The interface of a command and its context. A command uses nothing of the process beyond its context. */
import type { Readable, Writable } from 'node:stream'
import type { Client } from '../client/client.ts'
import type { Clock, Random } from '../clock.ts'
import type { Printer } from './printer.ts'

export interface Option {
  type: 'string' | 'boolean'
  /** Name of the value in `--help`: `FILE`. */
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
  /** Its profile need not exist. */
  makesProfile?: boolean
  run(context: Context): Promise<ExitCode>
}

/** Where the platform is, and who calls. */
export interface Place {
  url: string
  /** Undefined: there is none. */
  key: string | undefined
  /** Where each of them came from, for people. */
  urlFrom: string
  keyFrom: string
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
  /** Created on first use. Throws a `UsageError` without a key. */
  client(): Client
  /** For another place, such as one that is being tried. */
  clientFor(of: { url: string; key: string }): Client
  place: Place
  clock: Clock
  random: Random
  /** Aborted by Ctrl-C, which also ends stdin. A command without an end of its own then exits with 0. */
  signal: AbortSignal
}

/** 0 done, 1 refused by the platform, 2 wrong usage, 3 no answer, 130 interrupted before it was done. */
export type ExitCode = 0 | 1 | 2 | 3 | 130

/** Wrong usage; `next` describes the correct one. */
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
