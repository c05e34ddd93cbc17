/** A conformance suite: material of others, run against the platform as it is. */

export interface Suite {
  /** One line, shown above its results. */
  title: string
  /** Programs that must be on the PATH (npm packages are installed with the rest); `why` ends the sentence "it is needed to …". */
  needs: Array<{ tool: string; why: string }>
  /** Runs everything; what is worth reading goes to `log`, line by line. Throws only where nothing could be run. */
  run(log: (line: string) => void): Promise<SuiteResult>
}

export interface SuiteResult {
  passed: number
  failed: number
  /** How many of the failed are differences that conformance/README.md lists with their reasons; none if not said. */
  explained?: number
}
