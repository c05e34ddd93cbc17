/** The secret key of a whole platform: another one is refused, and a change of it goes unnoticed. */
import { it } from '@jest/globals'
import { changeKey } from './changing-key.ts'

it('stops a start when it is another one, and changes without a receiver noticing', async () => {
  await changeKey({ isPreviousDropped: false })
}, 240_000)
