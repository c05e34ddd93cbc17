/** Rejections that nobody has handled by the end of their turn, while `act` runs: Node reports them to the process, and jest forgives them if somebody awaits them later. */
import { runInThisContext } from 'node:vm'

export async function unhandledRejectionsOf(act: () => Promise<void>): Promise<unknown[]> {
  // The process object of a test is a copy that gets no events.
  const real = runInThisContext('process') as NodeJS.Process
  const rejections: unknown[] = []
  const note = (error: unknown) => void rejections.push(error)
  real.on('unhandledRejection', note)
  try {
    await act()
  } finally {
    real.off('unhandledRejection', note)
  }
  return rejections
}
