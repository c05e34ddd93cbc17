/** Reads settings one by one and collects every problem, so that all of them are reported at once. */
import { type Kind, SettingFault } from './kind.ts'
import { SETTINGS } from './list.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface SettingsReader {
  /** The value, or the default. After a problem the result is unusable: the reader throws at the end. */
  read<T>(name: string, kind: Kind<T>): T
  /** Undefined when the setting is empty and has no default. */
  optional<T>(name: string, kind: Kind<T>): T | undefined
  /** Whether something other than white space is set. */
  isSet(name: string): boolean
  readonly problems: string[]
}

export function createReader(environment: Environment): SettingsReader {
  const problems: string[] = []
  const isSet = (name: string) => Boolean(environment[name]?.trim())

  function optional<T>(name: string, kind: Kind<T>): T | undefined {
    const setting = SETTINGS.find(each => each.name === name)!
    const given = isSet(name) ? environment[name]! : setting.default
    const text = kind.keepsSpace ? given : given.trim()
    if (text === '') return undefined
    try {
      return kind.parse(text)
    } catch (error) {
      if (!(error instanceof SettingFault)) throw error
      problems.push(`${name} must be ${kind.expected}: ${error.message}. Example: ${name}=${setting.example}`)
      return undefined
    }
  }

  return { read: (name, kind) => optional(name, kind)!, optional, isSet, problems }
}
