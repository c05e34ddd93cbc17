import { fields, integer, spec, text } from '../action-spec.ts'

export const scaleCluster = spec({
  type: 'scale_cluster',
  summary: 'Changes the number of nodes of a cluster.',
  effect: 'transactional',
  schema: fields(
    {
      clusterId: text('The cluster', { maxLength: 255 }),
      nodeCount: integer('The new number', 0, 10_000),
      delta: integer('Added to the number now; negative takes nodes away', -10_000, 10_000),
      max: integer('The number is never more than this', 0, 10_000),
    },
    ['clusterId'],
    { oneOf: [{ required: ['nodeCount'] }, { required: ['delta'] }] },
  ),
  output: { previous: 3, current: 4, changed: true, name: 'web' },
  scopes: () => ['domain:manage'],
})
