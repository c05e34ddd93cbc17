/** One setting, as the list, `--help` and error messages describe it. */
export interface Setting {
  name: string
  sentence: string
  /** Empty: there is none. */
  default: string
  unit?: string
  /** A valid value; error messages end with it. */
  example: string
}
