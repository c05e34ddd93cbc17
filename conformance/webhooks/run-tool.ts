/** Programs of others, run to their end. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const RUN_MS = 180_000
const OUTPUT_BYTES_MAX = 4_000_000

const execute = promisify(execFile)

/** The output of the program. Throws with its last lines when it fails or takes longer than three minutes. */
export async function runTool(
  program: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  try {
    const { stdout } = await execute(program, args, { ...options, timeout: RUN_MS, maxBuffer: OUTPUT_BYTES_MAX })
    return stdout
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    throw new Error(`${program} ${args.join(' ')}: ${(stderr.trim() || message).slice(-600)}`)
  }
}

/** Whether it ended with 0. */
export async function succeeds(program: string, args: string[]): Promise<boolean> {
  return execute(program, args, { timeout: RUN_MS }).then(
    () => true,
    () => false,
  )
}
