/** The secret key of a whole platform: another one is refused, and a change of it goes unnoticed, also when the previous one is gone. */
import { it } from '@jest/globals'
import { changeKey } from './changing-key.ts'

it('stops a start when it is another one, and changes without a receiver noticing, also when the previous one is gone', async () => {
  await changeKey({ isPreviousDropped: true })
}, 240_000)
