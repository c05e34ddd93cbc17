/**
 * The remains of a deleted organization, on a whole platform: its topics, users, records and state go when their time has come, over a kill in the middle;
 * the missing topics count as no fault, and others go on.
 */
import { it } from '@jest/globals'
import { expectAllGone } from './deleting.ts'

it('all of it goes, although the platform is killed meanwhile; others do not notice, and its slug stays taken', async () => {
  await expectAllGone({ isKilledMeanwhile: true })
}, 240_000)
