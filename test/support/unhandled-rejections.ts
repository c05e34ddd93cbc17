/** Rejections that nobody has handled by the end of their turn, while `act` runs: what Node tells the process, and jest forgives if somebody awaits it later. */
import { runInThisContext } from 'node:vm'

export async function unhandledRejectionsOf(act: () => Promise<void>): Promise<unknown[]> {
  // The process of a test is a copy that hears of nothing.
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
